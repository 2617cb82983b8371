"""Computes what leads cost and what they brought, as seen at the end of one local day."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from leadops.calendar.local_days import ONE_DAY, local_midnight
from leadops.company import Company
from leadops.db import Connection
from leadops.economics.allocation import AllocatedCost, CostRow, allocate_costs, name_line
from leadops.economics.economics_settings import EconomicsSettings
from leadops.economics.line_totals import CohortCount, LineKey, LineTotals, WonCount, sum_lines
from leadops.economics.maturity import Maturity, measure_maturity
from leadops.lifecycle.currency_rates import RateTable, read_rates
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class EconomicsRefreshResult:
    """What was written for the day."""

    rows: int  # lines of months
    won: int  # deals won in these months
    won_without_value: int  # those of them whose value is unknown
    won_without_rate: int  # those in another currency without a rate
    costs_without_rate: int  # cost rows in another currency without a rate
    left_out: int  # impossible deals, see economics.months.left_out
    cost: Decimal  # the sum of the cost rows of these months, in the company's currency


@dataclass(frozen=True)
class EconomicsInputs:
    """What is on record of the months that end with a day."""

    cohorts: list[CohortCount]
    won: list[WonCount]
    costs: list[CostRow]
    unrated: list[CostRow]  # in another currency, without a rate


def refresh_economics(
    connection: Connection, *, day: date, settings: EconomicsSettings, company: Company, now: datetime
) -> EconomicsRefreshResult:
    """Replace the months up to `day` as they look at its end.

    Reads what is known at `now`: the costs of the last `settings.months` months, and the stages that leads
    had reached before the end of `day`. One transaction: a run that is killed changes nothing. A run for the
    same day, or for days in another order, writes the same rows. `now` is timezone-aware; days and months
    are those of the company's zone.
    """
    with connection.transaction():
        hold_lock(connection, Lock.ECONOMICS)
        inputs = _read_inputs(connection, day=day, settings=settings, company=company, now=now)
        totals = sum_lines(inputs.cohorts, inputs.won)
        costs = allocate_costs(inputs.costs, totals, settings=settings)
        maturity = measure_maturity(_count_outcomes(inputs.cohorts), settings=settings)
        months = [
            row
            | _describe_month(row["month"], day, maturity)
            | _describe_settings(maturity, settings, company)
            for row in _join(costs, inputs.unrated, totals)
        ]
        known_from = queries.value(connection, "find_known_from", day=day, now=now)
        known = {"day": day, "known_from": known_from}
        queries.run(connection, "pass_costs", **known)
        queries.run(connection, "insert_costs", **known, rows=_dump(asdict(cost) for cost in costs))
        queries.run(connection, "pass_months", **known)
        rows = _dump(row | {"as_of": day, "known_from": known_from} for row in months)
        queries.run(connection, "insert_months", rows=rows)
    return EconomicsRefreshResult(
        rows=len(months),
        won=sum(line.won for line in totals.values()),
        won_without_value=sum(line.won_without_value for line in totals.values()),
        won_without_rate=sum(line.won_without_rate for line in totals.values()),
        costs_without_rate=len(inputs.unrated),
        left_out=sum(line.left_out for line in totals.values()),
        cost=sum((cost.direct + cost.allocated for cost in costs), Decimal(0)),
    )


def find_first_month(day: date, *, settings: EconomicsSettings) -> date:
    """Return the first day of the oldest month that a refresh of `day` covers."""
    return _add_months(day.replace(day=1), 1 - settings.months)


def has_data(
    connection: Connection, *, day: date, settings: EconomicsSettings, company: Company, now: datetime
) -> bool:
    """Return whether a refresh of `day` would write anything: any cost, MQL or won deal of its months."""
    inputs = _read_inputs(connection, day=day, settings=settings, company=company, now=now)
    return bool(inputs.costs or inputs.unrated or inputs.cohorts or inputs.won)


def _read_inputs(
    connection: Connection, *, day: date, settings: EconomicsSettings, company: Company, now: datetime
) -> EconomicsInputs:
    """Read what is known at `now` of the months that end with `day`."""
    first = find_first_month(day, settings=settings)
    bounds: dict[str, Any] = {
        "since": local_midnight(first, company.zone),
        "until": local_midnight(day + ONE_DAY, company.zone),
        "zone": company.timezone,
        "now": now,
    }
    rows = queries.all(connection, "list_costs", CostRow, first=first, month=day.replace(day=1), now=now)
    costs, unrated = convert_costs(rows, read_rates(connection, currency=company.currency))
    return EconomicsInputs(
        cohorts=queries.all(connection, "count_cohorts", CohortCount, **bounds),
        won=queries.all(connection, "count_won", WonCount, **bounds),
        costs=costs,
        unrated=unrated,
    )


def convert_costs(rows: Iterable[CostRow], rates: RateTable) -> tuple[list[CostRow], list[CostRow]]:
    """Return `rows` in the company's currency, and those of which their month has no rate."""
    converted, unrated = [], []
    for row in rows:
        if row.amount is None or row.currency in (None, rates.currency):
            converted.append(row)
        elif found := rates.convert(row.amount, row.currency, row.month):
            converted.append(row._replace(amount=found.value, currency=None))
        else:
            unrated.append(row)
    return converted, unrated


def _join(
    costs: list[AllocatedCost], unrated: list[CostRow], totals: dict[LineKey, LineTotals]
) -> list[dict[str, Any]]:
    """Return one row for each line that cost or brought something; a cost of None: none is known.

    Costs without a rate stand in the line of their campaign, those of all campaigns in the line `shared`.
    """
    spent: dict[tuple[date, str, str | None], Decimal | None] = {
        (month, name_line(campaign), campaign): None for month, campaign in totals
    }
    for cost in costs:
        key = (cost.month, cost.line, cost.campaign)
        spent[key] = (spent.get(key) or Decimal(0)) + cost.direct + cost.allocated
    without_rate = Counter(
        (row.month, "shared" if row.campaign is None else "campaign", row.campaign) for row in unrated
    )
    for key in without_rate:
        spent.setdefault(key, None)
    return [
        {
            "month": month,
            "line": line,
            "campaign": campaign,
            "cost": amount,
            "costs_without_rate": without_rate[month, line, campaign],
        }
        | asdict(LineTotals() if line == "shared" else totals.get((month, campaign), LineTotals()))
        for (month, line, campaign), amount in spent.items()
    ]


def _describe_month(month: date, day: date, maturity: Maturity) -> dict[str, bool]:
    """Return whether `month` is over at the end of `day`, and whether its cohort is mature."""
    end, day_after = _add_months(month, 1), day + ONE_DAY
    return {
        "is_over": end <= day_after,
        "is_mature": end + timedelta(maturity.days) <= day_after,
    }


def _describe_settings(maturity: Maturity, settings: EconomicsSettings, company: Company) -> dict[str, Any]:
    return {
        "maturity_days": maturity.days,
        "maturity_source": maturity.source,
        "gross_margin": settings.gross_margin,
        "value_months": settings.value_months,
        "currency": company.currency,
    }


def _count_outcomes(cohorts: list[CohortCount]) -> list[tuple[int, str, int]]:
    """Return (age in days, outcome, leads), without impossible deals."""
    counts: Counter[tuple[int, str]] = Counter()
    for cohort in cohorts:
        if cohort.outcome != "impossible":
            counts[cohort.age, cohort.outcome] += cohort.leads
    return [(age, outcome, leads) for (age, outcome), leads in counts.items()]


def _dump(rows: Iterable[dict[str, Any]]) -> str:
    return json.dumps(list(rows), default=str)


def _add_months(month: date, count: int) -> date:
    years, months = divmod(month.month - 1 + count, 12)
    return date(month.year + years, months + 1, 1)
