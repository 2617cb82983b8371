"""Counted time: the minutes that pass while a clock runs, exact over holidays and changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from leadops.errors import ConfigError

#: A target that is not reached after so many days in a row without counted time never will be.
LONGEST_REST = 366


class Counted(Protocol):
    """A calendar: which instants of each local day count."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its days."""

    def counted(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return the spans that count on the local `day` as pairs of UTC instants, in order."""


def business_minutes(start: datetime, end: datetime, calendar: Counted) -> float:
    """Return the counted minutes between two aware times; 0.0 when `end` is not after `start`."""
    return _counted_time(start, end, calendar) / timedelta(minutes=1)


def _counted_time(start: datetime, end: datetime, calendar: Counted) -> timedelta:
    total = timedelta()
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    # A clock set back over midnight returns to the day before: look one day further on both sides.
    day = start.astimezone(calendar.zone).date() - timedelta(days=1)
    last = end.astimezone(calendar.zone).date() + timedelta(days=1)
    while day <= last:
        for opens, closes in calendar.counted(day):
            total += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total


def add_business_minutes(start: datetime, minutes: float, calendar: Counted) -> datetime:
    """Return the first instant (UTC) by which `minutes` counted minutes have passed since `start`.

    Exact to the microsecond. Raises ConfigError when a whole year has no counted time.
    """
    left = timedelta(minutes=minutes)
    moment = start.astimezone(UTC)
    if left <= timedelta():
        return moment
    day, rest = moment.astimezone(calendar.zone).date(), 0
    while rest <= LONGEST_REST:
        rest += 1
        for opens, closes in calendar.counted(day):
            begins = max(opens, moment)
            if begins < closes:
                if closes - begins >= left:
                    return begins + left
                left -= closes - begins
                rest = 0
        day += timedelta(days=1)
    raise ConfigError("no counted time within a year; check working_hours and holidays")
