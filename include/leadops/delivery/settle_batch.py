"""Settles a batch by the answer: each of its deltas, or the call as a whole."""

from datetime import datetime
from typing import Any

from leadops.clients.transport import Answered, Outcome, Refused
from leadops.db import Connection
from leadops.delivery.backoff import report_failed_call, schedule_retry
from leadops.delivery.batches import BatchState, DeltaBatch, close_batch, parse_ledger_seq, split_batch
from leadops.delivery.dead_letters import dead_letter_delta
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push_report import PushReport
from leadops.mask import mask_text

#: Refusals of a call's size or content, which a smaller call may not meet (RFC 9110 15.5.1, .14, .21).
SPLITTABLE = (400, 413, 422)


def settle_batch(
    connection: Connection,
    batch: DeltaBatch,
    outcome: Outcome,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Settle a locked batch by `outcome`, in the caller's transaction; an unknown outcome leaves it ready."""
    if isinstance(outcome, Answered):
        rejected = parse_rejected(outcome.body, batch)
        if rejected is not None:
            for seq, reason in rejected.items():
                dead_letter_delta(connection, seq, target=target, reason=reason, now=now)
            close_batch(connection, batch, state=BatchState.DONE, now=now)
            return PushReport(calls=1, deltas=batch.deltas - len(rejected), dead=len(rejected))
        error = "the answer does not name every delta"
    elif isinstance(outcome, Refused) and not outcome.concerns_caller:
        return _settle_refused(connection, batch, outcome, target=target, now=now)
    else:
        error = outcome.reason
    not_before = schedule_retry(
        connection, outcome, target=target, attempts=batch.attempts + 1, settings=settings, now=now
    )
    close_batch(connection, batch, state=BatchState.READY, error=error, not_before=not_before, now=now)
    return report_failed_call(outcome, error, attempts=batch.attempts)


def parse_rejected(body: Any, batch: DeltaBatch) -> dict[int, str] | None:
    """Return the MA's reasons by rejected ledger row, or None where the answer is incomplete.

    A status other than applied, duplicate or rejected makes the answer incomplete: what it means is unknown.
    """
    if not isinstance(body, dict):
        return None
    results = body.get("results", [body])
    if not isinstance(results, list) or len(results) != batch.deltas:
        return None
    rejected: dict[int, str] = {}
    unnamed = {update["deltaId"] for update in batch.updates()}
    for result in results:
        delta_id = result.get("deltaId") if isinstance(result, dict) else None
        if not isinstance(delta_id, str) or delta_id not in unnamed:
            return None
        unnamed.remove(delta_id)
        status = result.get("status")
        if status == "rejected":
            reason = mask_text(result.get("error") or "rejected by the MA", longest=200)
            rejected[parse_ledger_seq(delta_id)] = reason
        elif status not in ("applied", "duplicate"):
            return None
    return rejected


def _settle_refused(
    connection: Connection, batch: DeltaBatch, outcome: Refused, *, target: str, now: datetime
) -> PushReport:
    """Halve a call refused for its size or content, so that one bad row costs one row; else all rows die."""
    updates = batch.updates()
    if outcome.status in SPLITTABLE and len(updates) > 1:
        middle = len(updates) // 2
        split_batch(connection, batch, [updates[:middle], updates[middle:]], now=now)
        error = f"split: {outcome.reason}"
        close_batch(connection, batch, state=BatchState.DROPPED, error=error, now=now)
        return PushReport(calls=1)
    for update in updates:
        seq = parse_ledger_seq(update["deltaId"])
        dead_letter_delta(connection, seq, target=target, reason=outcome.reason, now=now)
    close_batch(connection, batch, state=BatchState.DEAD, error=outcome.reason, now=now)
    return PushReport(calls=1, dead=len(updates), problem=outcome.reason)
