"""What was spent: one row a cost, by month, category and campaign, each known by where it comes from."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.normalization.currencies import read_currency
from leadops.normalization.dimension_keys import make_dimension_key
from leadops.queries import Queries

queries = Queries(__file__, topic="refresh_economics")

CATEGORIES = ("ads", "events", "content", "subscriptions", "implementation", "sales_hours")

#: Digits before the point that the tables hold: numeric(18, 2) and numeric(12, 2).
_AMOUNT_BELOW, _HOURS_BELOW = Decimal(10) ** 16, Decimal(10) ** 10

#: Characters of an origin, which is a key.
LONGEST_ORIGIN = 300


@dataclass(frozen=True)
class Cost:
    """One cost. It needs an amount, or (sales_hours only) hours, which economics.yaml then prices."""

    month: date  # any day of the month that it belongs to
    category: str  # one of CATEGORIES
    origin: str  # where it comes from, for example "ads-export:2026-07:line 12"; its key
    amount: Decimal | None = None  # negative: a credit
    campaign: str | None = None  # None: for all campaigns
    hours: Decimal | None = None  # of salespeople
    note: str = ""
    currency: str | None = None  # of the amount, ISO 4217; None: the company's


def check_cost(cost: Cost, *, fold_case: bool) -> Cost:
    """Return `cost` with its month's first day and its campaign as a key (with `fold_case` without case).

    Raises PermanentError, in one line without the row's values, when it cannot be recorded as it is.
    """
    if cost.category not in CATEGORIES:
        raise PermanentError(f"category must be one of {', '.join(CATEGORIES)}")
    if not cost.origin:
        raise PermanentError("origin is missing: say where the cost comes from, the same each time")
    if len(cost.origin) > LONGEST_ORIGIN:
        raise PermanentError(f"origin is longer than {LONGEST_ORIGIN} characters")
    if cost.amount is None and (cost.category != "sales_hours" or cost.hours is None):
        raise PermanentError("amount is missing (only sales_hours may give hours in its place)")
    if cost.currency is not None and read_currency(cost.currency) != cost.currency:
        raise PermanentError("currency is not one of ISO 4217, such as EUR")
    for name, number, below in (("amount", cost.amount, _AMOUNT_BELOW), ("hours", cost.hours, _HOURS_BELOW)):
        if number is None:
            continue
        if not number.is_finite() or abs(number) >= below:
            raise PermanentError(f"{name} is not a number that can be kept")
        if number != round(number, 2):
            raise PermanentError(f"{name} has more than two digits after the point; round it first")
    return Cost(
        month=cost.month.replace(day=1),
        category=cost.category,
        origin=cost.origin,
        amount=cost.amount,
        currency=None if cost.amount is None else cost.currency,
        campaign=make_dimension_key(cost.campaign, fold_case=fold_case),
        hours=cost.hours,
        note=cost.note,
    )


def record_costs(connection: Connection, costs: Iterable[Cost], *, now: datetime, fold_case: bool) -> int:
    """Record `costs` in one transaction; return how many are new or changed.

    With `fold_case` campaigns that differ only in case are one (company.yaml).

    A cost replaces the one with the same origin; an equal one changes nothing. Raises PermanentError at the
    first cost that cannot be recorded; then none is.
    """
    rows = [asdict(check_cost(cost, fold_case=fold_case)) | {"now": now} for cost in costs]
    with connection.transaction():
        return sum(queries.run(connection, "upsert_cost", **row) for row in rows)
