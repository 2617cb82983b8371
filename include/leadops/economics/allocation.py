"""Allocates costs to campaigns: each its own costs, and a share of those that name no campaign."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from leadops.economics.economics_settings import EconomicsSettings
from leadops.economics.line_totals import LineKey, LineTotals

UNIT = Decimal("0.01")

#: A row of economics.monthly_costs is known by these: month, line, campaign, category.
CostKey = tuple[date, str, str | None, str]


class CostRow(NamedTuple):
    """A cost on record; it has an amount, or hours of salespeople."""

    month: date
    campaign: str | None
    category: str
    amount: Decimal | None
    hours: Decimal | None
    currency: str | None = None  # of the amount; None: the company's


@dataclass(frozen=True)
class AllocatedCost:
    """One row of economics.monthly_costs; amounts in the company's currency."""

    month: date
    line: str  # campaign, no_campaign, shared
    campaign: str | None
    category: str
    direct: Decimal
    allocated: Decimal


def price(row: CostRow, settings: EconomicsSettings) -> Decimal:
    """Return the cost of a row: its amount, or its hours at the month's rate, rounded half up."""
    if row.amount is not None:
        return row.amount
    return ((row.hours or Decimal(0)) * settings.hour_rate(row.month)).quantize(UNIT, ROUND_HALF_UP)


def allocate_costs(
    rows: Iterable[CostRow], totals: Mapping[LineKey, LineTotals], *, settings: EconomicsSettings
) -> list[AllocatedCost]:
    """Return the costs of each line; they sum to the rows, to the last unit.

    A row that names a campaign counts for it, whether or not the campaign had a lead. The others are summed
    by month and category and allocated to the lines of the month by `allocate_by`. If that names nobody, or
    the month has no such numbers, they go to the line `shared`.
    """
    direct: dict[tuple[date, str | None, str], Decimal] = {}
    for row in rows:
        key = (row.month, row.campaign, row.category)
        direct[key] = direct.get(key, Decimal(0)) + price(row, settings)
    allocated: dict[CostKey, tuple[Decimal, Decimal]] = {}
    for (month, campaign, category), amount in direct.items():
        if campaign is not None:
            _add(allocated, (month, "campaign", campaign, category), amount, Decimal(0))
            continue
        shares = split_by_weight(amount, _weights(month, totals, settings))
        for name, share in shares.items():
            _add(allocated, (month, name_line(name), name, category), Decimal(0), share)
        if not shares:
            _add(allocated, (month, "shared", None, category), amount, Decimal(0))
    return [AllocatedCost(*key, *amounts) for key, amounts in allocated.items()]


def split_by_weight(amount: Decimal, weights: Mapping[str | None, int]) -> dict[str | None, Decimal]:
    """Return each key's part of `amount` (at most two decimals); the parts sum to it, to the last unit.

    By largest remainder, among equals in the order of `weights`; a negative amount is split like its
    opposite. Empty if all weights are 0.
    """
    import numpy as np  # only for those who refresh, not for those who import

    from leadops.apportion import apportion

    if sum(weights.values()) <= 0:
        return {}
    units = np.array([int(abs(amount) / UNIT)], dtype=np.int64)
    numbers = np.array(list(weights.values()), dtype=np.int64)
    parts = apportion(units, numbers, np.zeros(len(numbers), dtype=np.int64))
    sign = -1 if amount < 0 else 1
    return {key: sign * UNIT * int(part) for key, part in zip(weights, parts, strict=True)}


def name_line(campaign: str | None) -> str:
    """Return the kind of line that a lead's campaign belongs to."""
    return "no_campaign" if campaign is None else "campaign"


def _weights(
    month: date, totals: Mapping[LineKey, LineTotals], settings: EconomicsSettings
) -> dict[str | None, int]:
    if settings.allocate_by == "own_line":
        return {}
    lines = sorted(
        ((campaign, line) for (of, campaign), line in totals.items() if of == month),
        key=lambda line: line[0] or "",
    )
    return {campaign: line.mqls if settings.allocate_by == "mqls" else line.won for campaign, line in lines}


def _add(
    allocated: dict[CostKey, tuple[Decimal, Decimal]], key: CostKey, direct: Decimal, share: Decimal
) -> None:
    before = allocated.get(key, (Decimal(0), Decimal(0)))
    allocated[key] = (before[0] + direct, before[1] + share)
