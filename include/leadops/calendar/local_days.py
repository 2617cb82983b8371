"""Local days as instants: where a day of a time zone begins and ends, and which day a moment belongs to."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leadops.errors import PermanentError

ONE_DAY = timedelta(days=1)


class LocalDay(NamedTuple):
    """A local day and its bounds [start, until) in UTC; 23 or 25 hours long when the clock changes."""

    dt: date
    start: datetime
    until: datetime


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) of the local `day`, also when the clock skips or repeats midnight."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_bounds(day: date, zone: ZoneInfo) -> LocalDay:
    """Return the local `day` with its first instant and that of the next day (UTC)."""
    return LocalDay(day, local_midnight(day, zone), local_midnight(day + ONE_DAY, zone))


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """Return the local day that contains the aware `moment`."""
    return moment.astimezone(zone).date()


def last_whole_day(now: datetime, zone: ZoneInfo) -> date:
    """Return the last local day that is over at `now`."""
    return day_of(now, zone) - ONE_DAY


def is_over(day: date, zone: ZoneInfo, *, now: datetime) -> bool:
    """Return whether the local `day` has ended by `now`."""
    return local_midnight(day + ONE_DAY, zone) <= now


def list_days(first: date, last: date) -> list[date]:
    """Return the days from `first` to `last`, both included; raise PermanentError if `last` is earlier."""
    if last < first:
        raise PermanentError(f"--from {first} is after --to {last}; give the earlier day first")
    return [first + ONE_DAY * number for number in range((last - first).days + 1)]
