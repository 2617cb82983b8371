"""Writes down what an answer says of a batch: of each of its deltas, or of the call as a whole."""

from datetime import datetime
from typing import Any

import orjson

from leadops.clients.transport import Answered, Outcome, Refused
from leadops.db import Connection, load_sql
from leadops.delivery.backoff import failed_call, wait_after
from leadops.delivery.batches import Batch, ledger_seq
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push_report import PushReport

#: Refusals of a call's size or content, which a smaller one may not meet (RFC 9110 15.5.1, .14, .21).
SPLITTABLE = (400, 413, 422)


def settle_batch(
    connection: Connection,
    batch: Batch,
    outcome: Outcome,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Settle a claimed batch by `outcome`, in the caller's transaction; an open question stays open."""
    if isinstance(outcome, Answered):
        rejected = _read_rejected(outcome.body, batch)
        if rejected is not None:
            for seq, reason in rejected.items():
                dead_letter_delta(connection, seq, target=target, reason=reason, now=now)
            close_batch(connection, batch, state="done", now=now)
            return PushReport(calls=1, deltas=batch.deltas - len(rejected), dead=len(rejected))
        error = "the answer does not name every delta"
    elif isinstance(outcome, Refused) and not outcome.concerns_caller:
        return _settle_refused(connection, batch, outcome, target=target, now=now)
    else:
        error = outcome.reason
    not_before = wait_after(
        connection, outcome, target=target, attempts=batch.attempts + 1, settings=settings, now=now
    )
    close_batch(connection, batch, state="ready", error=error, not_before=not_before, now=now)
    return failed_call(outcome, error, attempts=batch.attempts)


def close_batch(
    connection: Connection,
    batch: Batch,
    *,
    state: str,
    now: datetime,
    error: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """Record an attempt and the state that it leaves the batch in."""
    connection.execute(
        load_sql("leadops.delivery", "settle_batch"),
        {
            "batch_id": batch.batch_id,
            "state": state,
            "error": error,
            "not_before": not_before,
            "now": now,
        },
    )


def dead_letter_delta(connection: Connection, seq: int, *, target: str, reason: str, now: datetime) -> None:
    """Make one ledger row a dead letter."""
    connection.execute(
        load_sql("leadops.delivery", "insert_dead_delta"),
        {"ledger_seq": seq, "target": target, "reason": reason, "now": now},
    )


def _read_rejected(body: Any, batch: Batch) -> dict[int, str] | None:
    """Return the rejected ledger rows with the MA's reasons, or None where the answer is not a whole one."""
    if not isinstance(body, dict):
        return None
    results = body.get("results", [body])
    if not isinstance(results, list) or len(results) != batch.deltas:
        return None
    rejected: dict[int, str] = {}
    sent = {row["deltaId"] for row in batch.rows()}
    for result in results:
        if not isinstance(result, dict) or result.get("deltaId") not in sent:
            return None
        status = result.get("status")
        if status == "rejected":
            rejected[ledger_seq(result["deltaId"])] = str(result.get("error") or "rejected by the MA")[:200]
        elif status not in ("applied", "duplicate"):
            return None
    return rejected


def _settle_refused(
    connection: Connection, batch: Batch, outcome: Refused, *, target: str, now: datetime
) -> PushReport:
    """Halve a call refused for its size or content, so that one bad row costs one row; bury the others."""
    rows = batch.rows()
    if outcome.status in SPLITTABLE and len(rows) > 1:
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]):
            body = orjson.dumps({"updates": half} if len(half) > 1 else half[0]).decode()
            connection.execute(
                load_sql("leadops.delivery", "split_batch"),
                {"batch_id": batch.batch_id, "deltas": len(half), "body": body, "now": now},
            )
        close_batch(connection, batch, state="dropped", error=f"split: {outcome.reason}", now=now)
        return PushReport(calls=1)
    for row in rows:
        dead_letter_delta(
            connection, ledger_seq(row["deltaId"]), target=target, reason=outcome.reason, now=now
        )
    close_batch(connection, batch, state="dead", error=outcome.reason, now=now)
    return PushReport(calls=1, dead=len(rows), problem=outcome.reason)
