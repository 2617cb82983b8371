"""What each line of each month brought: deals, value, and what became of its MQLs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

#: A month's campaign; None: the leads without one.
LineKey = tuple[date, str | None]


class CohortCount(NamedTuple):
    """MQLs of one month, campaign, outcome, and age in whole days at their end or at the end of the day."""

    month: date
    campaign: str | None
    age: int
    outcome: Literal["won", "lost", "open", "impossible"]
    leads: int
    sqls: int
    valued: int
    value: Decimal


class WonCount(NamedTuple):
    """Deals won in one month by one campaign."""

    month: date
    campaign: str | None
    won: int
    value: Decimal
    without_value: int = 0
    without_rate: int = 0


@dataclass
class LineTotals:
    """What one line of one month brought; names as in the table economics.months."""

    won: int = 0
    value: Decimal = Decimal(0)
    won_without_value: int = 0
    won_without_rate: int = 0
    mqls: int = 0
    cohort_sqls: int = 0
    cohort_won: int = 0
    cohort_valued: int = 0
    cohort_value: Decimal = Decimal(0)
    cohort_lost: int = 0
    cohort_open: int = 0
    left_out: int = 0


def sum_lines(cohorts: Iterable[CohortCount], deals: Iterable[WonCount]) -> dict[LineKey, LineTotals]:
    """Return the totals of each line that had an MQL or won a deal."""
    lines: dict[LineKey, LineTotals] = {}
    for cohort in cohorts:
        line = lines.setdefault((cohort.month, cohort.campaign), LineTotals())
        line.mqls += cohort.leads
        line.cohort_sqls += cohort.sqls
        match cohort.outcome:
            case "won":
                line.cohort_won += cohort.leads
                line.cohort_valued += cohort.valued
                line.cohort_value += cohort.value
            case "lost":
                line.cohort_lost += cohort.leads
            case "impossible":
                line.left_out += cohort.leads
            case _:
                line.cohort_open += cohort.leads
    for deal in deals:
        line = lines.setdefault((deal.month, deal.campaign), LineTotals())
        line.won += deal.won
        line.value += deal.value
        line.won_without_value += deal.without_value
        line.won_without_rate += deal.without_rate
    return lines
