"""Who bears which cost: each campaign its own, and its part of those that are for all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from leadops.economics.allot import UNIT, allot
from leadops.economics.cohorts import Brought, Line
from leadops.economics.economics_settings import EconomicsSettings

#: A row of list_costs.sql: month, campaign or None, category, amount or None, hours or None.
CostRow = tuple[date, str | None, str, Decimal | None, Decimal | None]


@dataclass(frozen=True)
class Borne:
    """One row of economics.monthly_costs; amounts in the company's currency."""

    month: date
    line: str  # campaign, no_campaign, shared
    campaign: str | None
    category: str
    direct: Decimal
    allotted: Decimal


def price(row: CostRow, settings: EconomicsSettings) -> Decimal:
    """Return what a cost row comes to: its amount, or its hours at the month's rate, rounded half up."""
    month, _, _, amount, hours = row
    if amount is not None:
        return amount
    return ((hours or Decimal(0)) * settings.hour_rate(month)).quantize(UNIT, ROUND_HALF_UP)


def bear_costs(
    rows: Iterable[CostRow], brought: Mapping[Line, Brought], *, settings: EconomicsSettings
) -> list[Borne]:
    """Return who bears what; the sum over the result is the sum over the rows, to the last unit.

    A row that names a campaign is borne by it, whether or not the campaign had a lead. The others are summed
    by month and category and allotted to the lines of the month as `allot_by` says; where that is nobody, or
    the month has nothing to go by, they stand in the line `shared`.
    """
    direct: dict[tuple[date, str | None, str], Decimal] = {}
    for row in rows:
        key = row[:3]
        direct[key] = direct.get(key, Decimal(0)) + price(row, settings)
    borne: dict[tuple[date, str, str | None, str], tuple[Decimal, Decimal]] = {}
    for (month, campaign, category), amount in direct.items():
        if campaign is not None:
            _add(borne, (month, "campaign", campaign, category), amount, Decimal(0))
            continue
        parts = allot(amount, _weights(month, brought, settings))
        for name, part in parts.items():
            _add(borne, (month, name_line(name), name, category), Decimal(0), part)
        if not parts:
            _add(borne, (month, "shared", None, category), amount, Decimal(0))
    return [Borne(*key, *amounts) for key, amounts in borne.items()]


def name_line(campaign: str | None) -> str:
    """Return the kind of line that a lead's campaign stands in."""
    return "no_campaign" if campaign is None else "campaign"


def _weights(
    month: date, brought: Mapping[Line, Brought], settings: EconomicsSettings
) -> dict[str | None, int]:
    if settings.allot_by == "own_line":
        return {}
    lines = sorted(
        ((name, line) for (of, name), line in brought.items() if of == month), key=lambda one: one[0] or ""
    )
    return {name: line.mqls if settings.allot_by == "mqls" else line.won for name, line in lines}


def _add(
    borne: dict[tuple[date, str, str | None, str], tuple[Decimal, Decimal]],
    key: tuple[date, str, str | None, str],
    direct: Decimal,
    allotted: Decimal,
) -> None:
    before = borne.get(key, (Decimal(0), Decimal(0)))
    borne[key] = (before[0] + direct, before[1] + allotted)
