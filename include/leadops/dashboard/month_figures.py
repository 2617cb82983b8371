"""CAC and payback of a period. Costs are kept by month, so both are those of whole months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from leadops.calendar.local_days import ONE_DAY
from leadops.economics.read_months import MonthRatios

#: Why there is no figure: no such month, no cost on record in one of them, or no deal to divide by.
MissingReason = Literal["no_month", "no_cost", "no_deal"]


@dataclass(frozen=True)
class MonthsFigure:
    """A figure of `months` (their first days); without a value, `reason` says why."""

    value: Decimal | None
    months: list[date]
    reason: MissingReason | None = None


NO_MONTH = MonthsFigure(None, [], "no_month")


def find_cac(months: Sequence[MonthRatios], *, first: date, last: date) -> MonthsFigure:
    """Return what a deal cost in the months that end from `first` to `last`.

    If none ends there, it is that of the last month before. `months` are the totals of months, in order.
    """
    over = [month for month in months if month.is_over and _end(month) <= last]
    ending = [month for month in over if _end(month) >= first] or over[-1:]
    if not ending:
        return NO_MONTH
    names = [month.month for month in ending]
    costs = [month.cost for month in ending if month.cost is not None]
    if len(costs) < len(ending):
        return MonthsFigure(None, names, "no_cost")
    won = sum(month.won for month in ending)
    if not won:
        return MonthsFigure(None, names, "no_deal")
    return MonthsFigure(round(sum(costs, Decimal(0)) / won, 2), names)


def find_payback(months: Sequence[MonthRatios], *, last: date, back: int = 0) -> MonthsFigure:
    """Return the payback of the newest mature cohort that ends by `last`, or of the one `back` before it.

    The MQLs of a younger month still bring deals, so its payback would look too long.
    """
    mature = [month for month in months if month.is_mature and _end(month) <= last]
    if len(mature) <= back:
        return NO_MONTH
    month = mature[-1 - back]
    if month.cost is None:
        return MonthsFigure(None, [month.month], "no_cost")
    if month.payback_months is None:
        return MonthsFigure(None, [month.month], "no_deal")
    return MonthsFigure(month.payback_months, [month.month])


def _end(month: MonthRatios) -> date:
    """Return the last day of a month."""
    years, number = divmod(month.month.month, 12)
    return date(month.month.year + years, number + 1, 1) - ONE_DAY
