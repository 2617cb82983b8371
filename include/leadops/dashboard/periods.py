"""The span of days that a page is about, from the query parameters `from` and `to`."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Query

from leadops.calendar.local_days import ONE_DAY, day_bounds, last_whole_day
from leadops.dashboard.wiring import DashboardDep
from leadops.gateway.problems import ProblemError

#: Days without `from` and `to`, and days at most.
USUAL_DAYS, MAX_DAYS = 30, 1_100
#: What a calendar of ours can hold with a margin.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class PagePeriod:
    """The local days from `first` to `last`, both included, in the company's zone."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """The first instant (UTC)."""
        return day_bounds(self.first, self.zone).start

    @property
    def until(self) -> datetime:
        """The first instant after it (UTC)."""
        return day_bounds(self.last, self.zone).until

    @property
    def before(self) -> "PagePeriod":
        """The period of the same length that ends right before it."""
        return PagePeriod(self.first - self.days * ONE_DAY, self.first - ONE_DAY, self.zone)


def choose_period(first: str | None, last: str | None, zone: ZoneInfo, *, now: datetime) -> PagePeriod:
    """Return the period from the texts of `from` and `to`.

    Without both it is the 30 days up to yesterday; without one of them, the 30 days that the other begins or
    ends, as far as they are over. Raises ProblemError (422) with what to change.
    """
    yesterday = last_whole_day(now, zone)
    begins, ends = _read_day("from", first), _read_day("to", last)
    if ends is None:
        ends = (
            yesterday if begins is None else max(begins, min(begins + (USUAL_DAYS - 1) * ONE_DAY, yesterday))
        )
    if begins is None:
        begins = max(FIRST_DAY, ends - (USUAL_DAYS - 1) * ONE_DAY)
    if begins > ends:
        raise ProblemError(422, f"from ({begins}) is after to ({ends}); give the earlier day first.")
    period = PagePeriod(begins, ends, zone)
    if period.days > MAX_DAYS:
        raise ProblemError(422, f"{period.days} days are too many; ask for at most {MAX_DAYS} at once.")
    return period


def _read_day(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise ProblemError(
            422, f"{name} is not a day from {FIRST_DAY} to {LAST_DAY}; write it as 2026-11-30."
        )
    return day


def read_period(
    dashboard: DashboardDep,
    first: Annotated[
        str | None,
        Query(alias="from", description="The first day, in the company's zone.", examples=["2026-11-01"]),
    ] = None,
    last: Annotated[
        str | None, Query(alias="to", description="The last day, included.", examples=["2026-11-30"])
    ] = None,
) -> PagePeriod:
    """Return the period of a request. Raises ProblemError (422) with what to change."""
    return choose_period(first, last, dashboard.read_config().company.zone, now=dashboard.clock())


PeriodDep = Annotated[PagePeriod, Depends(read_period)]
