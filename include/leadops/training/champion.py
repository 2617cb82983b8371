"""The champion (the model in effect), and the decisions that made it so."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class TrainingDecision:
    """One row of training.decisions."""

    decision_id: int
    day: date
    outcome: str
    reason: str
    model_id: int | None
    champion_id: int | None
    inputs_hash: str
    findings: dict[str, Any]
    decided_at: datetime


def lock_decisions(connection: Connection) -> None:
    """Let nobody else decide until the caller's transaction ends; readers go on."""
    queries.run(connection, "lock_decisions")


def find_decision(connection: Connection, *, day: date) -> TrainingDecision | None:
    """Return the newest decision of `day`, or None."""
    return next(iter(_list_decisions(connection, limit=1, day=day)), None)


def list_decisions(connection: Connection, *, limit: int) -> list[TrainingDecision]:
    """Return the newest decision of each of the newest `limit` days, the newest day first."""
    return _list_decisions(connection, limit=limit, day=None)


def _list_decisions(connection: Connection, *, limit: int, day: date | None) -> list[TrainingDecision]:
    return queries.all(connection, "list_decisions", TrainingDecision, max_days=limit, day=day)


def find_champion(connection: Connection, *, before: date | None = None) -> int | None:
    """Return the id of the model in effect, or with `before` of the one in effect when that day began."""
    champion_id: int | None = queries.value(connection, "find_champion", before=before)
    return champion_id


def record_decision(
    connection: Connection,
    *,
    day: date,
    outcome: str,
    reason: str,
    model_id: int | None,
    champion_id: int | None,
    inputs_hash: str,
    findings: dict[str, Any],
    now: datetime,
) -> None:
    """Append a decision in the caller's transaction."""
    queries.run(
        connection,
        "record_decision",
        day=day,
        outcome=outcome,
        reason=reason,
        model_id=model_id,
        champion_id=champion_id,
        inputs_hash=inputs_hash,
        findings=Jsonb(findings),
        now=now,
    )
