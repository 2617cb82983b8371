"""Which model gives points: another one, or another scale, takes effect only if it makes few MQLs at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.changes.change_record import ask_change, end_change, let_wait, list_open
from leadops.changes.change_settings import ChangeSettings
from leadops.changes.leads_with_points import has_points
from leadops.changes.weigh_change import ChangeEffect, weigh_model
from leadops.config.gated_settings import hash_content, list_in_force, put_in_force
from leadops.db import Connection
from leadops.lifecycle.decide_mqls import find_rule
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.locks import Lock, hold_lock
from leadops.scoring.grades import Grades
from leadops.training.training_settings import PointsScale

#: The section of what is in force, and the kind of the change.
MODEL = "model"


@dataclass(frozen=True)
class ModelLimits:
    """The settings by which a change of the model is weighed."""

    changes: ChangeSettings
    contract: KpiContract
    grades: Grades


@dataclass(frozen=True)
class ScoringModel:
    """A model, and how its probabilities become points."""

    model_id: int
    scale: PointsScale

    def as_content(self) -> dict[str, Any]:
        """Return it as it is kept on record."""
        return {"model_id": self.model_id, "points": self.scale.model_dump(mode="json")}


def choose_model(
    connection: Connection,
    proposed: ScoringModel,
    *,
    predict: Callable[[], Iterable[tuple[int, int]]],
    limits: ModelLimits,
    now: datetime,
) -> ScoringModel | None:
    """Return the model that gives points now: `proposed`, or what is in force while it waits (None: nothing).

    `predict` returns the points that the proposed one would give, by lead; it is called once for a new one.
    Runs in the caller's transaction. `now` is UTC.
    """
    hold_lock(connection, Lock.CHANGES)
    content = {MODEL: proposed.as_content()}
    digest, former = hash_content(content), list_in_force(connection).get(MODEL)
    is_in_force = former is not None and former.hash == hash_content(content[MODEL])
    is_known = False
    for change in list_open(connection):
        if change.kind == MODEL and change.hash == digest and not is_in_force:
            is_known = True
        elif change.kind == MODEL:
            reason = "another model is proposed"
            end_change(connection, change.change_id, status="withdrawn", reason=reason, now=now)
    if is_in_force:
        return proposed
    if not is_known:
        effect = _weigh(connection, predict, limits, now) if has_points(connection) else ChangeEffect()
        excess = effect.find_excess(limits.changes)
        if not excess:
            put_in_force(connection, section=MODEL, settings=content[MODEL], reason="it moves few", now=now)
            return proposed
        change = ask_change(
            connection,
            kind=MODEL,
            hash=digest,
            subject=f"model {proposed.model_id}",
            content=content,
            base={},
            now=now,
        )
        let_wait(connection, change.change_id, effect=effect, reason="; ".join(excess), now=now)
    if former is None:
        return None
    scale = PointsScale.model_validate(former.settings["points"])
    return ScoringModel(int(former.settings["model_id"]), scale)


def _weigh(
    connection: Connection,
    predict: Callable[[], Iterable[tuple[int, int]]],
    limits: ModelLimits,
    now: datetime,
) -> ChangeEffect:
    rule = find_rule(connection, limits.contract.active_version(now), now=now)
    points = list(predict())
    return weigh_model(connection, points, rule=rule, grades=limits.grades, examples=limits.changes.examples)
