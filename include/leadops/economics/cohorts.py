"""The figures of each line of each month: what it cost is added elsewhere, here is what it brought."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

#: A month's campaign; None: the leads that have none.
Line = tuple[date, str | None]


@dataclass
class Brought:
    """What one line of one month brought; names as in the table economics.months."""

    won: int = 0
    value: Decimal = Decimal(0)
    mqls: int = 0
    cohort_sqls: int = 0
    cohort_won: int = 0
    cohort_valued: int = 0
    cohort_value: Decimal = Decimal(0)
    cohort_lost: int = 0
    cohort_open: int = 0
    left_out: int = 0


def sum_lines(cohorts: Iterable[tuple[Any, ...]], won: Iterable[tuple[Any, ...]]) -> dict[Line, Brought]:
    """Return what each line brought, from the rows of count_cohorts.sql and count_won.sql."""
    lines: dict[Line, Brought] = {}
    for month, campaign, _, outcome, leads, sqls, valued, value in cohorts:
        line = lines.setdefault((month, campaign), Brought())
        line.mqls += leads
        line.cohort_sqls += sqls
        match outcome:
            case "won":
                line.cohort_won += leads
                line.cohort_valued += valued
                line.cohort_value += value
            case "lost":
                line.cohort_lost += leads
            case "impossible":
                line.left_out += leads
            case _:
                line.cohort_open += leads
    for month, campaign, deals, value in won:
        line = lines.setdefault((month, campaign), Brought())
        line.won += deals
        line.value += value
    return lines
