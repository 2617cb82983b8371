"""Settles a batch by the answer: each of its deltas, or the call as a whole."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from leadops.clients.answer_shapes import DeltaResult, read_delta_results
from leadops.clients.lead_absence import LeadAbsence
from leadops.clients.transport import Answered, Outcome, Refused, Unknown
from leadops.db import Connection
from leadops.delivery.backoff import report_failed_call, schedule_retry
from leadops.delivery.batches import (
    BatchState,
    DeltaBatch,
    close_batch,
    parse_ledger_seq,
    shrink_batch,
    split_batch,
)
from leadops.delivery.build_batches import hold_deltas
from leadops.delivery.dead_letters import dead_letter_delta
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.duplicates import record_duplicates
from leadops.delivery.presence import record_absence
from leadops.delivery.push_report import PushReport
from leadops.mask import SentValues, mask_text

#: The mark, in a batch of which only unknown rows are left, of those that the MA says it had before.
SAID_TO_BE_DUPLICATE = "duplicate"


def settle_batch(
    connection: Connection,
    batch: DeltaBatch,
    outcome: Outcome,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
    is_unexplained: Callable[[], bool] = lambda: False,
) -> PushReport:
    """Settle a locked batch by `outcome`, in the caller's transaction.

    An unknown outcome leaves it ready; so do rows that the answer leaves unknown, which are read back.
    `is_unexplained` says whether a duplicate in the answer is one that nothing on record explains.
    """
    if isinstance(outcome, Answered):
        results = read_delta_results(outcome.body, [update["deltaId"] for update in batch.updates()])
        if results:
            duplicates = [delta_id for delta_id, result in results.items() if result.status == "duplicate"]
            if duplicates and is_unexplained():
                seqs = [parse_ledger_seq(delta_id) for delta_id in duplicates]
                record_duplicates(connection, seqs, target=target, now=now)
            return _settle_answered(connection, batch, results, target=target, settings=settings, now=now)
        error = "the answer names no delta of the call"
    elif isinstance(outcome, Refused) and not outcome.concerns_caller:
        return _settle_refused(connection, batch, outcome, target=target, now=now)
    else:
        error = outcome.reason
    not_before = schedule_retry(
        connection, outcome, target=target, attempts=batch.attempts + 1, settings=settings, now=now
    )
    close_batch(
        connection,
        batch,
        state=BatchState.READY,
        error=error,
        not_before=not_before,
        may_have_arrived=isinstance(outcome, Answered | Unknown),
        now=now,
    )
    return report_failed_call(outcome, error, attempts=batch.attempts)


def find_unknown(batch: DeltaBatch, results: Mapping[str, DeltaResult]) -> list[dict[str, Any]]:
    """Return the updates of `batch` of which `results` does not say what became of them.

    That the MA had a row before is never believed at once, because no answer ever named the row as applied:
    the row is marked (`answer`), and the score decides.
    """
    unknown = []
    for update in batch.updates():
        result = results.get(update["deltaId"])
        if result is None:
            unknown.append(update)
        elif result.status == "duplicate":
            unknown.append(update | {"answer": SAID_TO_BE_DUPLICATE})
    return unknown


def hold_gone(
    connection: Connection,
    batch: DeltaBatch,
    results: Mapping[str, DeltaResult],
    *,
    target: str,
    now: datetime,
) -> int:
    """Hold the updates of leads that are gone, and record why they are; return how many updates."""
    absences: dict[str, LeadAbsence] = {}
    seqs = []
    for update in batch.updates():
        result = results.get(update["deltaId"])
        if result is not None and result.absence is not None:
            absences[str(update["leadId"])] = result.absence
            seqs.append(parse_ledger_seq(update["deltaId"]))
    hold_deltas(connection, seqs, target=target)
    for ma_id, absence in absences.items():
        record_absence(connection, target=target, external_id=ma_id, absence=absence, now=now)
    return len(seqs)


def _settle_answered(
    connection: Connection,
    batch: DeltaBatch,
    results: Mapping[str, DeltaResult],
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Settle the rows that the answer names; the others stay in the batch, to be read back."""
    rejected = {delta_id: result for delta_id, result in results.items() if result.status == "rejected"}
    sent = SentValues(batch.body) if rejected else None
    for delta_id, result in rejected.items():
        reason = mask_text(result.error or "rejected by the MA", longest=200, sent=sent)
        dead_letter_delta(connection, parse_ledger_seq(delta_id), target=target, reason=reason, now=now)
    gone = hold_gone(connection, batch, results, target=target, now=now)
    unknown = find_unknown(batch, results)
    applied = batch.deltas - len(rejected) - len(unknown) - gone
    if not unknown:
        close_batch(connection, batch, state=BatchState.DONE, now=now)
        return PushReport(calls=1, deltas=applied, dead=len(rejected))
    error = f"the answer leaves {len(unknown)} of {batch.deltas} deltas unknown"
    shrink_batch(connection, batch, unknown)
    close_batch(
        connection,
        batch,
        state=BatchState.READY,
        error=error,
        not_before=now + settings.backoff(batch.attempts + 1),
        may_have_arrived=True,
        is_answered=True,
        now=now,
    )
    return PushReport(calls=1, deltas=applied, dead=len(rejected), failed=1, problem=error)


def _settle_refused(
    connection: Connection, batch: DeltaBatch, outcome: Refused, *, target: str, now: datetime
) -> PushReport:
    """Halve a call refused for its size or content, so that one bad row costs one row; else all rows die.

    A row whose lead is gone waits for the lead.
    """
    updates = batch.updates()
    if outcome.absence is not None and len(updates) == 1:
        results = {updates[0]["deltaId"]: DeltaResult("gone", absence=outcome.absence)}
        hold_gone(connection, batch, results, target=target, now=now)
        close_batch(connection, batch, state=BatchState.DONE, error=outcome.reason, now=now)
        return PushReport(calls=1)
    if (outcome.is_splittable or outcome.absence is not None) and len(updates) > 1:
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
