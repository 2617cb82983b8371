"""Which model is in effect, and the decisions that made it so."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql


@dataclass(frozen=True)
class Decision:
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


def find_decision(connection: Connection, *, day: date) -> Decision | None:
    """Return the newest decision of `day`, or None."""
    row = connection.execute(load_sql("leadops.training", "find_decision"), {"day": day}).fetchone()
    return Decision(*row) if row else None


def list_decisions(connection: Connection, *, most: int) -> list[Decision]:
    """Return the newest decisions of the newest `most` days, the newest day first."""
    rows = connection.execute(load_sql("leadops.training", "list_decisions"), {"most": most}).fetchall()
    return [Decision(*row) for row in rows]


def find_champion(connection: Connection, *, before: date | None = None) -> int | None:
    """Return the id of the model in effect, or with `before` of the one that was when that day began."""
    row = connection.execute(load_sql("leadops.training", "find_champion"), {"before": before}).fetchone()
    return row[0] if row else None


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
    values = {
        "day": day,
        "outcome": outcome,
        "reason": reason,
        "model_id": model_id,
        "champion_id": champion_id,
        "inputs_hash": inputs_hash,
        "findings": Jsonb(findings),
        "now": now,
    }
    connection.execute(load_sql("leadops.training", "record_decision"), values)
