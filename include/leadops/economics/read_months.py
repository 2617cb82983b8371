"""The months on record as of a day, with CAC and payback."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="refresh_economics")


@dataclass(frozen=True)
class MonthRatios:
    """A line of a month, or the month as a whole (`is_total`), from economics.ratios."""

    month: date
    is_total: bool
    line: str | None
    campaign: str | None
    cost: Decimal | None
    won: int
    value: Decimal
    won_without_value: int
    won_without_rate: int
    costs_without_rate: int
    cac: Decimal | None
    mqls: int
    cohort_won: int
    cohort_open: int
    cohort_cac: Decimal | None
    payback_months: Decimal | None
    left_out: int
    is_over: bool
    is_mature: bool
    maturity_days: int
    maturity_source: str
    currency: str


@dataclass(frozen=True)
class CategoryCost:
    """What a line of a month cost in one category: its own costs, and its share of the unallocated ones."""

    line: str
    campaign: str | None
    category: str
    direct: Decimal
    allocated: Decimal


def find_newest_day(
    connection: Connection, day: date | None, *, known_by: datetime | None = None
) -> date | None:
    """Return `day`, or without one the newest day on record; None if there is no such day.

    Here and below: as it stood just before `known_by` (UTC); None: as it stands now.
    """
    newest: date | None
    if known_by is None:
        newest = queries.value(connection, "find_newest_day", day=day)
    else:
        newest = queries.value(connection, "find_newest_known", day=day, moment=known_by)
    return newest


def list_months(
    connection: Connection, *, day: date, month: date | None = None, known_by: datetime | None = None
) -> list[MonthRatios]:
    """Return each month as a whole as seen at the end of `day`, or the lines and the total of one `month`."""
    return queries.all(connection, "list_months", MonthRatios, day=day, month=month, moment=known_by)


def list_categories(
    connection: Connection, *, day: date, month: date, known_by: datetime | None = None
) -> list[CategoryCost]:
    """Return the costs of each line of `month` by category, as seen at the end of `day`."""
    return queries.all(connection, "list_categories", CategoryCost, day=day, month=month, moment=known_by)


def find_first_refresh(connection: Connection) -> datetime | None:
    """Return when months were first computed (UTC); None: never."""
    first: datetime | None = queries.value(connection, "find_first_refresh")
    return first
