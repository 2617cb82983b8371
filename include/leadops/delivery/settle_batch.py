"""Settles a batch by the answer: each of its deltas, or the call as a whole."""

from collections.abc import Callable, Mapping
from datetime import datetime

from leadops.clients.call_outcomes import Answered, Outcome, Refused, Unknown
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.db import Connection
from leadops.delivery.batches import (
    BatchState,
    DeltaBatch,
    close_batch,
    shrink_batch,
    split_batch,
)
from leadops.delivery.build_batches import hold_deltas
from leadops.delivery.dead_letters import dead_letter_delta
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.duplicates import record_duplicates
from leadops.delivery.presence import MOVED, record_absence, unalign_lead
from leadops.delivery.push_report import PushReport, report_failed_call, schedule_retry
from leadops.mask import SentValues, mask_text
from leadops.products.product import Product
from leadops.products.product_rows import RowResult, RowState, ScoreRow

#: What says nothing of a row: its outcome is unknown.
_UNKNOWN = RowResult(RowState.UNKNOWN)


def settle_batch(
    connection: Connection,
    batch: DeltaBatch,
    outcome: Outcome,
    *,
    product: Product,
    target: str,
    settings: DeliverySettings,
    now: datetime,
    is_unexplained: Callable[[], bool] = lambda: False,
) -> PushReport:
    """Settle a locked batch by `outcome`, in the caller's transaction.

    An unknown outcome leaves it ready; so do rows that the answer leaves unknown, which are read back. Rows
    that had no effect and may have one later become a batch of their own, under a new key.
    `is_unexplained` says whether a duplicate in the answer is one that nothing on record explains.
    """
    if isinstance(outcome, Answered):
        answer = product.read_score_answer(outcome.body, batch.score_rows)
        states = {row.state for row in answer.values()}
        results = answer
        if RowState.UNKNOWN in states:
            results = {name: row for name, row in answer.items() if row.state is not RowState.UNKNOWN}
        if results:
            if RowState.DUPLICATE in states and is_unexplained():
                seqs = [row.seq for row in _select(batch, results, RowState.DUPLICATE)]
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


def find_unknown(batch: DeltaBatch, results: Mapping[str, RowResult]) -> list[ScoreRow]:
    """Return the rows of `batch` of which `results` does not say what became of them.

    That the MA had a row before is never believed at once, because no answer ever named the row as applied:
    the row is marked, and the score decides. After a call of unknown outcome a row that had no effect this
    time may have had one before.
    """
    unknown = []
    for row in batch.score_rows:
        state = results.get(row.delta_id, _UNKNOWN).state
        if state is RowState.DUPLICATE:
            unknown.append(row._replace(is_duplicate=True))
        elif state is RowState.UNKNOWN or (state is RowState.AGAIN and batch.may_have_arrived):
            unknown.append(row)
    return unknown


def hold_gone(
    connection: Connection,
    batch: DeltaBatch,
    results: Mapping[str, RowResult],
    *,
    target: str,
    now: datetime,
) -> int:
    """Hold the rows of leads that are gone, and record why they are; return how many rows.

    A lead that is elsewhere is read before it gets more points.
    """
    absences: dict[str, LeadAbsence] = {}
    gone = _select(batch, results, RowState.GONE)
    for row in gone:
        absences[row.external_id] = results[row.delta_id].absence or LeadAbsence(AbsenceWord.NOT_FOUND)
    moved = _select(batch, results, RowState.MOVED)
    hold_deltas(connection, [row.seq for row in gone + moved], target=target)
    for external_id, absence in absences.items():
        record_absence(connection, target=target, external_id=external_id, absence=absence, now=now)
    for lead_id in {row.lead_id for row in moved}:
        unalign_lead(connection, target=target, lead_id=lead_id, reason=MOVED, now=now)
    return len(gone) + len(moved)


def _select(batch: DeltaBatch, results: Mapping[str, RowResult], state: RowState) -> list[ScoreRow]:
    return [row for row in batch.score_rows if results.get(row.delta_id, _UNKNOWN).state is state]


def _settle_answered(
    connection: Connection,
    batch: DeltaBatch,
    results: Mapping[str, RowResult],
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Settle the rows that the answer names; the others stay in the batch, to be read back."""
    if len(results) == len(batch.score_rows) and {row.state for row in results.values()} == {RowState.DONE}:
        close_batch(connection, batch, state=BatchState.DONE, now=now)
        return PushReport(calls=1, deltas=len(results))
    rejected = _select(batch, results, RowState.DEAD)
    sent = SentValues(batch.body)
    for row in rejected:
        reason = mask_text(results[row.delta_id].reason or "rejected by the MA", longest=200, sent=sent)
        dead_letter_delta(connection, row.seq, target=target, reason=reason, now=now)
    gone = hold_gone(connection, batch, results, target=target, now=now)
    unknown = find_unknown(batch, results)
    again = [] if batch.may_have_arrived else _select(batch, results, RowState.AGAIN)
    applied = len(batch.score_rows) - len(rejected) - len(unknown) - len(again) - gone
    not_before = now + settings.backoff(batch.attempts + 1)
    problem = ""
    if again:
        problem = f"{len(again)} of {len(batch.score_rows)} deltas have to be sent again: " + mask_text(
            results[again[0].delta_id].reason or "not yet", longest=200, sent=sent
        )
        split_batch(
            connection, batch, [again], not_before=not_before, attempts=batch.attempts + 1, error=problem
        )
    if not unknown:
        is_settled = len(again) < len(batch.score_rows)
        state = BatchState.DONE if is_settled else BatchState.DROPPED
        close_batch(connection, batch, state=state, error=problem or None, now=now)
        return PushReport(
            calls=1, deltas=applied, dead=len(rejected), failed=int(bool(again)), problem=problem
        )
    error = f"the answer leaves {len(unknown)} of {len(batch.score_rows)} deltas unknown"
    shrink_batch(connection, batch, unknown)
    close_batch(
        connection,
        batch,
        state=BatchState.READY,
        error=error,
        not_before=not_before,
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
    rows = batch.score_rows
    if outcome.absence is not None and len(rows) == 1:
        results = {rows[0].delta_id: RowResult(RowState.GONE, absence=outcome.absence)}
        hold_gone(connection, batch, results, target=target, now=now)
        close_batch(connection, batch, state=BatchState.DONE, error=outcome.reason, now=now)
        return PushReport(calls=1)
    if (outcome.is_splittable or outcome.absence is not None) and len(rows) > 1:
        middle = len(rows) // 2
        error = f"split: {outcome.reason}"
        split_batch(connection, batch, [rows[:middle], rows[middle:]], error=error)
        close_batch(connection, batch, state=BatchState.DROPPED, error=error, now=now)
        return PushReport(calls=1)
    for row in rows:
        dead_letter_delta(connection, row.seq, target=target, reason=outcome.reason, now=now)
    close_batch(connection, batch, state=BatchState.DEAD, error=outcome.reason, now=now)
    return PushReport(calls=1, dead=len(rows), problem=outcome.reason)
