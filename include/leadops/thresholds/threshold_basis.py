"""What the choice of a day rests on: leads by score and what became of them, the team, what is in force."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from psycopg.types.json import Jsonb

from leadops.calendar.local_days import last_whole_day
from leadops.db import Connection
from leadops.queries import Queries
from leadops.routing.team import read_team
from leadops.thresholds.active_threshold import ActiveThreshold, read_active_threshold
from leadops.thresholds.capacity import Capacity, measure_capacity
from leadops.thresholds.score_history import ScoreHistory, count_backlog, read_score_history
from leadops.thresholds.threshold_context import ThresholdContext, end_of, is_last_day

queries = Queries(__file__, topic="score_history")


@dataclass(frozen=True)
class ThresholdBasis:
    """What the choice of a day rests on."""

    history: ScoreHistory
    capacity: Capacity
    active: ActiveThreshold


@dataclass(frozen=True)
class StoredBasis:
    """What a night kept of the day that it looked at."""

    day: date
    basis: Mapping[str, Any]


@dataclass(frozen=True)
class PresentBasis:
    """What a what-if of now rests on: leads as known after `day`, team and threshold as they are now."""

    day: date
    basis: ThresholdBasis
    context: ThresholdContext  # with the window that the leads were counted in


def read_basis(
    connection: Connection, *, day: date, context: ThresholdContext, now: datetime
) -> ThresholdBasis:
    """Read what was known when `day` was over.

    The CRM does not say who worked in the past: before the last whole day the capacity is that of
    its row, where it has one.
    """
    until, settings = end_of(day, context.company), context.thresholds
    active = read_active_threshold(connection, contract=context.kpi, policy=context.sla, at=until)
    history = read_score_history(connection, until=until, rule=active.rule, settings=settings)
    recorded: dict[str, Any] | None = queries.value(connection, "read_capacity", day=day)
    if recorded and not is_last_day(day, now=now, company=context.company):
        return ThresholdBasis(history, Capacity(**recorded), active)
    backlog = count_backlog(connection, until=until, settings=settings)
    return ThresholdBasis(history, _measure_team(connection, day, backlog, context), active)


def keep_basis(
    connection: Connection, basis: ThresholdBasis, *, day: date, context: ThresholdContext
) -> None:
    """Keep `basis` in the row of `day`, so that a page need not read the leads; in the transaction."""
    kept = _dump_history(basis.history) | {
        "window_days": context.thresholds.window_days,
        "backlog": basis.capacity.backlog,
    }
    queries.run(connection, "keep_basis", day=day, basis=Jsonb(kept))


def read_present_basis(connection: Connection, *, context: ThresholdContext, now: datetime) -> PresentBasis:
    """Read what a what-if of `now` rests on: leads of the last whole day, today's team and threshold.

    Reads every lead of the window.
    """
    day = last_whole_day(now, context.company.zone)
    basis = read_basis(connection, day=day, context=context, now=now)
    active = read_active_threshold(connection, contract=context.kpi, policy=context.sla, at=now)
    return PresentBasis(day, ThresholdBasis(basis.history, basis.capacity, active), context)


def find_present_basis(
    connection: Connection, *, context: ThresholdContext, now: datetime
) -> PresentBasis | None:
    """Return the same by what the last night kept of the leads, at once; None before the first night.

    After a night that did not run, the leads are those of an earlier day.
    """
    today = now.astimezone(context.company.zone).date()
    kept = queries.first(connection, "find_basis", StoredBasis, before=today)
    if kept is None:
        return None
    window = context.thresholds.model_copy(update={"window_days": kept.basis["window_days"]})
    context = ThresholdContext(**(vars(context) | {"thresholds": window}))
    last = last_whole_day(now, context.company.zone)
    capacity = _measure_team(connection, last, kept.basis["backlog"], context)
    active = read_active_threshold(connection, contract=context.kpi, policy=context.sla, at=now)
    return PresentBasis(kept.day, ThresholdBasis(_load_history(kept.basis), capacity, active), context)


def _measure_team(connection: Connection, day: date, backlog: float, context: ThresholdContext) -> Capacity:
    """Return what the salespeople can do from the day after `day` on."""
    return measure_capacity(
        read_team(connection, rules=context.routing, zone=context.company.zone),
        first=day + timedelta(days=1),
        backlog=backlog,
        settings=context.thresholds,
    )


def _dump_history(history: ScoreHistory) -> dict[str, Any]:
    """Return `history` as JSON."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in (asdict(history) | {"until": history.until.isoformat()}).items()
    }


def _load_history(kept: Mapping[str, Any]) -> ScoreHistory:
    arrays = ("label_scores", "labelled", "became_sql", "arrival_scores", "arrivals")
    return ScoreHistory(
        until=datetime.fromisoformat(kept["until"]),
        responded=kept["responded"],
        **{name: np.array(kept[name], dtype=np.float64) for name in arrays},
    )
