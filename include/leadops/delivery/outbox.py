"""How any stage asks for an effect in another system."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql


def enqueue_effect(
    connection: Connection,
    *,
    target: str,
    operation: str,
    payload: dict[str, Any],
    idempotency_key: str,
    lead_id: int | None,
    now: datetime,
    lane: int = 0,
) -> None:
    """Put one effect into delivery.outbox, once per `idempotency_key`, in the caller's transaction.

    `lane` 0 is live, 1 backfill.
    """
    connection.execute(
        load_sql("leadops.delivery", "insert_effect"),
        {
            "target": target,
            "operation": operation,
            "payload": Jsonb(payload),
            "idempotency_key": idempotency_key,
            "lead_id": lead_id,
            "created_at": now,
            "lane": lane,
        },
    )
