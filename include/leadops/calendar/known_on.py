"""Which moment `--known-on DAY` asks about: the end of DAY in the company's zone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from leadops.calendar.local_days import day_bounds, day_of
from leadops.errors import PermanentError

#: The shortest time that the database tells apart.
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class KnownOn:
    """What a question is asked about: now, or the end of a past day."""

    known_by: datetime | None  # UTC; what came in before counts; None: everything
    now: datetime  # UTC; the last moment at which it was known


def resolve_known_on(day: date | None, *, zone: ZoneInfo, now: datetime, first: datetime | None) -> KnownOn:
    """Return what `day` of `zone` asks about; None asks about `now`.

    `first` is when the first of what is asked for came on record (UTC), None if nothing is. Raises
    PermanentError for a day that has not begun, and for one that ended before `first`.
    """
    if day is None:
        return KnownOn(None, now)
    today = day_of(now, zone)
    if day > today:
        raise PermanentError(f"--known-on {day} has not begun; give {today} or an earlier day")
    end = day_bounds(day, zone).until
    if first is None:
        raise PermanentError("nothing is on record yet; leave out --known-on to see what to run")
    if first >= end:
        begin = day_of(first, zone)
        raise PermanentError(f"nothing was on record on {day}; give --known-on {begin} or a later day")
    return KnownOn(end, min(now, end - TICK))
