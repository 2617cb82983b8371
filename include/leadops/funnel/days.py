"""Local days as instants: where a day of the company's zone begins and ends."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leadops.company import Company
from leadops.errors import PermanentError

ONE = timedelta(days=1)


class Day(NamedTuple):
    """A local day and its bounds [start, until) in UTC; 23 or 25 hours long where the clock changes."""

    dt: date
    start: datetime
    until: datetime


def bound_day(dt: date, zone: ZoneInfo) -> Day:
    """Return the bounds of the local day `dt`. Where midnight is skipped it begins with the first instant."""
    return Day(dt, _midnight(dt, zone), _midnight(dt + ONE, zone))


def date_of(moment: datetime, zone: ZoneInfo) -> date:
    """Return the local day in which `moment` lies."""
    return moment.astimezone(zone).date()


def yesterday(company: Company, *, now: datetime) -> date:
    """Return the last local day that is over at `now`."""
    return date_of(now, company.zone) - ONE


def list_days(first: date, last: date) -> list[date]:
    """Return the days from `first` to `last`; raise PermanentError when they are in the wrong order."""
    if last < first:
        raise PermanentError(f"--from {first} is after --to {last}; give the earlier day first")
    return [first + ONE * number for number in range((last - first).days + 1)]


def _midnight(dt: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(dt, time(), zone).astimezone(UTC)
