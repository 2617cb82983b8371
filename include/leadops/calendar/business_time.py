"""Business time: the minutes that pass while a calendar counts, exact over holidays and clock changes."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from leadops.errors import ConfigError

#: After this many days in a row without counted time, a calendar is taken to have none at all.
MAX_UNCOUNTED_DAYS = 366


class BusinessCalendar(Protocol):
    """A calendar: which instants of each local day count."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its local days."""

    def counted(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return the spans that count on the local `day` as pairs of UTC instants, in order."""


def business_minutes(start: datetime, end: datetime, calendar: BusinessCalendar) -> float:
    """Return the counted minutes in [start, end), two aware times; 0.0 if `end` is not after `start`."""
    return _counted_time(start, end, calendar) / timedelta(minutes=1)


def _counted_time(start: datetime, end: datetime, calendar: BusinessCalendar) -> timedelta:
    total = timedelta()
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    # A clock set back over midnight returns to the day before: include one more day on both sides.
    day = start.astimezone(calendar.zone).date() - timedelta(days=1)
    last = end.astimezone(calendar.zone).date() + timedelta(days=1)
    while day <= last:
        for opens, closes in calendar.counted(day):
            total += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total


def add_business_minutes(start: datetime, minutes: float, calendar: BusinessCalendar) -> datetime:
    """Return the first instant (UTC) by which `minutes` counted minutes have passed since `start`.

    Exact to the microsecond. Minutes that are used up exactly when a span closes end there, not when the next
    span opens; with 0 minutes or fewer the result is `start`. Raises ConfigError if a whole year has no
    counted time.
    """
    left = timedelta(minutes=minutes)
    moment = start.astimezone(UTC)
    if left <= timedelta():
        return moment
    day, uncounted = moment.astimezone(calendar.zone).date(), 0
    while uncounted <= MAX_UNCOUNTED_DAYS:
        uncounted += 1
        for opens, closes in calendar.counted(day):
            begins = max(opens, moment)
            if begins < closes:
                if closes - begins >= left:
                    return begins + left
                left -= closes - begins
                uncounted = 0
        day += timedelta(days=1)
    raise ConfigError("no counted time within a year; check working_hours and holidays")
