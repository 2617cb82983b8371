"""The page Attribution and economics: credits by model, months with CAC and payback, and the calculator."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from leadops.attribution.attribution_settings import MODELS
from leadops.attribution.read_credits import AttributionPeriod, CreditLine, list_credits
from leadops.dashboard.answers import answer_json
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.economics.read_months import (
    CategoryCost,
    MonthRatios,
    find_newest_day,
    list_categories,
    list_months,
)
from leadops.economics.scenario import read_scenario
from leadops.errors import PermanentError
from leadops.gateway.problems import ProblemError

router = APIRouter(tags=["attribution and economics"])

_MONTH = re.compile(r"(20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class ModelCredit:
    """What one model gives to a name, with the interval of the conversions and of the value."""

    conversions: Decimal | None
    conversions_low: Decimal | None
    conversions_high: Decimal | None
    value: Decimal | None
    value_low: Decimal | None
    value_high: Decimal | None


@dataclass(frozen=True)
class NamedCredits:
    """A channel or campaign and what each model gives to it."""

    name: str
    credits: dict[str, ModelCredit]


@dataclass(frozen=True)
class CreditsAnswer:
    """The credits of a period; `period` None: none was computed yet. `note`: why there are no numbers."""

    period: AttributionPeriod | None
    models: list[str]
    names: list[NamedCredits]
    note: str | None


@dataclass(frozen=True)
class EconomicsAnswer:
    """Each month as a whole, and of one month its lines and what was spent; `day` None: never computed."""

    day: date | None
    months: list[MonthRatios]
    month: date | None
    lines: list[MonthRatios]
    costs: list[CategoryCost]


def read_credits(
    connection: Connection, *, by: Literal["channel", "campaign"], day: date | None
) -> CreditsAnswer:
    """Return the credits of the period that ends with `day` (None: the newest), by all models.

    Raises PermanentError if `day` was never computed.
    """
    try:
        period, lines = list_credits(connection, day=day, breakdown=by, model=None)
    except PermanentError:
        if day is not None:
            raise
        return CreditsAnswer(None, list(MODELS), [], None)
    note = lines[0].note if lines else None
    return CreditsAnswer(period, list(MODELS), [] if note else _group_lines(lines), note)


def _group_lines(lines: Iterable[CreditLine]) -> list[NamedCredits]:
    """Return the lines by name, in their order."""
    names: dict[str, dict[str, ModelCredit]] = {}
    for line in lines:
        names.setdefault(line.name, {})[line.model] = ModelCredit(
            line.conversions,
            line.conversions_low,
            line.conversions_high,
            line.value,
            line.value_low,
            line.value_high,
        )
    return [NamedCredits(name, by_model) for name, by_model in names.items()]


def read_economics(connection: Connection, *, month: date | None) -> EconomicsAnswer:
    """Return the months as of the newest day; the lines and costs of `month`, or of the last that is over.

    Raises ProblemError (404) for a month of which nothing is known.
    """
    day = find_newest_day(connection, None)
    if day is None:
        return EconomicsAnswer(None, [], None, [], [])
    months = list_months(connection, day=day)
    shown = month or next((row.month for row in reversed(months) if row.is_over), months[-1].month)
    if shown not in {row.month for row in months}:
        raise ProblemError(404, f"Nothing is known of {shown:%Y-%m} as of {day}; choose another month.")
    lines = [line for line in list_months(connection, day=day, month=shown) if not line.is_total]
    return EconomicsAnswer(day, months, shown, lines, list_categories(connection, day=day, month=shown))


@router.get("/api/credits", response_model=CreditsAnswer)
def show_credits(
    dashboard: DashboardDep,
    connection: ConnectionDep,
    by: Annotated[Literal["channel", "campaign"], Query(description="What gets the credit.")] = "channel",
    day: Annotated[
        date | None, Query(description="The last day of the period; default: the newest one.")
    ] = None,
) -> Response:
    """What each model credits to each channel or campaign, side by side, with intervals."""
    return answer_json(read_credits(connection, by=by, day=day), as_of=dashboard.clock())


@router.get("/api/economics", response_model=EconomicsAnswer)
def show_economics(
    dashboard: DashboardDep,
    connection: ConnectionDep,
    month: Annotated[
        str | None, Query(description="The month whose lines are shown.", examples=["2026-10"])
    ] = None,
) -> Response:
    """Cost, deals, CAC and payback by month, and the lines of one month."""
    answer = read_economics(connection, month=_read_month(month) if month is not None else None)
    company = dashboard.read_config().company
    return answer_json(answer, as_of=dashboard.clock(), currency=company.currency)


def _read_month(text: str) -> date:
    if not _MONTH.fullmatch(text):
        raise ProblemError(422, "month is not a month; write it as 2026-10.")
    return date.fromisoformat(f"{text}-01")


Given = Annotated[str, Query(max_length=60, description="A number, or two as before:after.")]


@router.get("/api/economics/scenario")
def show_scenario(
    dashboard: DashboardDep,
    mqls: Given,
    sql_rate: Given,
    win_rate: Given,
    acv: Given,
    cost: Annotated[str | None, Query(max_length=60, description="Spent a month; gives the CAC.")] = None,
) -> Response:
    """Won deals and revenue a month before and after, as `leadops economics scenario --json` says them."""
    scenario = read_scenario(
        spell=lambda name: name, mqls=mqls, sql_rate=sql_rate, win_rate=win_rate, acv=acv, cost=cost
    )
    answer: dict[str, Any] = scenario.describe()
    return answer_json(answer, as_of=dashboard.clock())
