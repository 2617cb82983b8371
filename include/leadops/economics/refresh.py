"""Works out what leads cost and what they brought, as seen at the end of one local day."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from leadops.calendar.local_days import local_midnight
from leadops.company import Company
from leadops.db import Connection, load_sql
from leadops.economics.bear import Borne, bear_costs, name_line
from leadops.economics.cohorts import Brought, Line, sum_lines
from leadops.economics.economics_settings import EconomicsSettings
from leadops.economics.ripeness import Ripeness, measure_ripeness

#: Two refreshes of one day at once wait for each other on it.
ECONOMICS_LOCK = 7_302_017


@dataclass(frozen=True)
class Refreshed:
    """What was written for the day."""

    rows: int  # lines of months
    won: int  # deals won in these months
    left_out: int  # deals that cannot be, see economics.months.left_out
    cost: Decimal  # the sum of the cost rows of these months, in the company's currency


def refresh_economics(
    connection: Connection, *, day: date, settings: EconomicsSettings, company: Company, now: datetime
) -> Refreshed:
    """Write the months up to `day` as they look at its end, in place of what was written for it before.

    Reads what is known at `now`: the costs of the last `settings.months` months, and the stages that leads
    had reached before the end of `day`. One transaction: a run that is killed leaves what was there. Run
    again, or in another order of days, it writes the same rows. `now` is timezone-aware; days and months are
    those of the company's zone.
    """
    values = _bound(day, settings=settings, company=company, now=now)
    day_after = day + timedelta(days=1)
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [ECONOMICS_LOCK])
        cohorts = _read(connection, "count_cohorts", values)
        brought = sum_lines(cohorts, _read(connection, "count_won", values))
        costs = bear_costs(_read(connection, "list_costs", values), brought, settings=settings)
        ripeness = measure_ripeness(_count_outcomes(cohorts), settings=settings)
        rows = [
            row
            | {
                "as_of": day,
                "is_over": _add_months(row["month"], 1) <= day_after,
                "is_ripe": _add_months(row["month"], 1) + timedelta(ripeness.days) <= day_after,
            }
            | _facts(ripeness, settings, company)
            for row in _join(costs, brought)
        ]
        for table, body in (("costs", [asdict(cost) for cost in costs]), ("months", rows)):
            given = {"day": day, "rows": json.dumps(body, default=str)}
            for verb in ("delete", "insert"):
                connection.execute(load_sql("leadops.economics", f"{verb}_{table}"), given)
    return Refreshed(
        rows=len(rows),
        won=sum(line.won for line in brought.values()),
        left_out=sum(line.left_out for line in brought.values()),
        cost=sum((cost.direct + cost.allotted for cost in costs), Decimal(0)),
    )


def find_first_month(day: date, *, settings: EconomicsSettings) -> date:
    """Return the first day of the oldest month that is worked out for `day`."""
    return _add_months(day.replace(day=1), 1 - settings.months)


def has_books(
    connection: Connection, *, day: date, settings: EconomicsSettings, company: Company, now: datetime
) -> bool:
    """Return whether a refresh of `day` would write anything: any cost, MQL or won deal of its months."""
    values = _bound(day, settings=settings, company=company, now=now)
    return any(_read(connection, name, values) for name in ("list_costs", "count_cohorts", "count_won"))


def _bound(day: date, *, settings: EconomicsSettings, company: Company, now: datetime) -> dict[str, Any]:
    """Return the parameters of the queries: the months that end with `day`, as known at `now`."""
    first = find_first_month(day, settings=settings)
    return {
        "day": day,
        "month": day.replace(day=1),
        "first": first,
        "since": local_midnight(first, company.zone),
        "until": local_midnight(day + timedelta(days=1), company.zone),
        "zone": company.timezone,
        "now": now,
    }


def _join(costs: list[Borne], brought: dict[Line, Brought]) -> list[dict[str, Any]]:
    """Return one row a line that cost or brought something; a cost of None: none is on record."""
    spent: dict[tuple[date, str, str | None], Decimal | None] = {
        (month, name_line(campaign), campaign): None for month, campaign in brought
    }
    for cost in costs:
        key = (cost.month, cost.line, cost.campaign)
        spent[key] = (spent.get(key) or Decimal(0)) + cost.direct + cost.allotted
    return [
        {"month": month, "line": line, "campaign": campaign, "cost": amount}
        | asdict(Brought() if line == "shared" else brought.get((month, campaign), Brought()))
        for (month, line, campaign), amount in spent.items()
    ]


def _facts(ripeness: Ripeness, settings: EconomicsSettings, company: Company) -> dict[str, Any]:
    return {
        "ripe_days": ripeness.days,
        "ripe_because": ripeness.because,
        "gross_margin": settings.gross_margin,
        "value_months": settings.value_months,
        "currency": company.currency,
    }


def _count_outcomes(cohorts: list[tuple[Any, ...]]) -> list[tuple[int, str, int]]:
    counts: Counter[tuple[int, str]] = Counter()
    for _, _, age, outcome, leads, *_ in cohorts:
        if outcome != "impossible":
            counts[age, outcome] += leads
    return [(age, outcome, leads) for (age, outcome), leads in counts.items()]


def _read(connection: Connection, name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    return connection.execute(load_sql("leadops.economics", name), values).fetchall()


def _add_months(month: date, count: int) -> date:
    years, months = divmod(month.month - 1 + count, 12)
    return date(month.year + years, months + 1, 1)
