"""The page Threshold: what each threshold would bring, what is in force, what was decided, what waits."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from leadops.configuration import collect_threshold_context
from leadops.dashboard.answers import answer_json
from leadops.dashboard.threshold_forecast import (
    ThresholdForecast,
    WhatIfForecast,
    forecast_present,
    forecast_what_if,
)
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.gateway.problems import ProblemError
from leadops.thresholds.active_threshold import read_active_threshold
from leadops.thresholds.apply_threshold import ThresholdRow, list_thresholds
from leadops.thresholds.checks import list_pending_approvals
from leadops.thresholds.threshold_basis import find_present_basis
from leadops.thresholds.threshold_context import ThresholdContext

router = APIRouter(tags=["threshold"])

#: The DAG whose runs ask a human.
ASKING_DAG = "retrain_thresholds"

#: Days whose decisions the page lists.
USUAL_DAYS, MAX_DAYS = 30, 1_100
#: What a what-if takes: a team, minutes of working time (a quarter), points.
MAX_SALESPEOPLE, MAX_MINUTES, MAX_POINTS = 1_000, 99_999, 1_000_000


@dataclass(frozen=True)
class ThresholdPair:
    """A threshold in points and the minutes to the first contact; None: not on record."""

    threshold: float | None
    sla_minutes: float | None


@dataclass(frozen=True)
class ThresholdInForce:
    """What applies to new MQLs now."""

    total: int | None  # None: fit and behaviour alone decide
    threshold: int  # points; without a total, what fit and behaviour need together
    sla_minutes: float
    kpi_version: str


@dataclass(frozen=True)
class DecisionLine:
    """What a night decided; the gain is SQLs a week, with its interval."""

    day: date
    decided_by: str  # kept, automatic, approved, reverted
    plan: str  # keep, apply, ask
    answer: str | None  # of the human who was asked; None: there is none, or nobody was asked
    waits: bool
    effective_at: datetime | None
    reason: str
    before: ThresholdPair | None
    after: ThresholdPair | None
    gain: float | None
    interval: list[float] | None


@dataclass(frozen=True)
class WaitingQuestion:
    """A proposal that waits for a human: since when, and the run of retrain_thresholds that asks."""

    day: str
    waits_since: datetime
    reason: str
    dag_id: str
    run_id: str | None


@dataclass(frozen=True)
class ThresholdAnswer:
    """What the page Threshold shows; `forecast` is None before the first night of retrain_thresholds."""

    in_force: ThresholdInForce
    forecast: ThresholdForecast | None
    waiting: list[WaitingQuestion]
    decisions: list[DecisionLine]


@dataclass(frozen=True)
class WhatIfAnswer:
    """What another team, SLA target or threshold would bring."""

    day: date
    what_if: WhatIfForecast


def read_threshold_page(
    connection: Connection, *, context: ThresholdContext, now: datetime, days: int = USUAL_DAYS
) -> ThresholdAnswer:
    """Return what the page shows at `now` (UTC), with the decisions of the newest `days` days on record."""
    active = read_active_threshold(connection, contract=context.kpi, policy=context.sla, at=now)
    pending = list_pending_approvals(connection, now=now)
    waiting_days = {approval.day for approval in pending}
    present = find_present_basis(connection, context=context, now=now)
    return ThresholdAnswer(
        in_force=ThresholdInForce(active.rule.total, active.threshold, active.target, active.kpi_version),
        forecast=None if present is None else forecast_present(present),
        waiting=[
            WaitingQuestion(asked.day, asked.waits_since, asked.reason, ASKING_DAG, asked.run_id)
            for asked in pending
        ],
        decisions=[
            describe_decision(row, waits=row.day.isoformat() in waiting_days)
            for row in list_thresholds(connection, max_days=days)
        ],
    )


def describe_decision(row: ThresholdRow, *, waits: bool) -> DecisionLine:
    """Return a row of lifecycle.thresholds as the page shows it; from and to are what its facts say."""
    facts = row.facts
    before: ThresholdPair | None
    after: ThresholdPair | None
    if row.decided_by == "reverted":
        before = ThresholdPair(facts.get("was"), facts.get("was_minutes"))
        after = ThresholdPair(facts.get("now"), facts.get("now_minutes"))
    else:
        before, after = _read_pair(facts.get("now")), _read_pair(facts.get("then"))
    return DecisionLine(
        day=row.day,
        decided_by=row.decided_by,
        plan=row.plan,
        answer=row.answer,
        waits=waits,
        effective_at=row.effective_at,
        reason=row.reason,
        before=before,
        after=after,
        gain=facts.get("gain"),
        interval=facts.get("interval"),
    )


def _read_pair(forecast: dict[str, Any] | None) -> ThresholdPair | None:
    return ThresholdPair(forecast.get("threshold"), forecast.get("sla_minutes")) if forecast else None


@router.get("/api/threshold", response_model=ThresholdAnswer)
def show_threshold(
    dashboard: DashboardDep,
    connection: ConnectionDep,
    days: Annotated[
        int, Query(ge=1, le=MAX_DAYS, description="Days whose decisions are listed.")
    ] = USUAL_DAYS,
) -> Response:
    """Expected SQLs over the threshold, what is in force, what waits for a human, what was decided."""
    now = dashboard.clock()
    context = collect_threshold_context(dashboard.read_config())
    return answer_json(
        asdict(read_threshold_page(connection, context=context, now=now, days=days)), as_of=now
    )


@router.get("/api/threshold/what-if", response_model=WhatIfAnswer)
def show_what_if(
    dashboard: DashboardDep,
    connection: ConnectionDep,
    salespeople: Annotated[
        int | None, Query(ge=1, le=MAX_SALESPEOPLE, description="How many in all; default: as today.")
    ] = None,
    sla_minutes: Annotated[
        float | None,
        Query(
            gt=0,
            le=MAX_MINUTES,
            allow_inf_nan=False,
            description="Minutes of working time; default: as today.",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        Query(ge=-MAX_POINTS, le=MAX_POINTS, allow_inf_nan=False, description="Points; default: as today."),
    ] = None,
) -> Response:
    """What another team, SLA target or threshold would bring, as `leadops thresholds what-if` says it."""
    now = dashboard.clock()
    context = collect_threshold_context(dashboard.read_config())
    present = find_present_basis(connection, context=context, now=now)
    if present is None:
        raise ProblemError(404, "Nothing is known yet: retrain_thresholds has to run for a night first.")
    found = forecast_what_if(present, salespeople=salespeople, sla_minutes=sla_minutes, threshold=threshold)
    if isinstance(found, str):
        raise ProblemError(422, f"Nothing can be said: {found}.")
    return answer_json(asdict(WhatIfAnswer(present.day, found)), as_of=now)
