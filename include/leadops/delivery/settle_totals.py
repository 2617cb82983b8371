"""Settles a call that sets totals, by the answer: what a target took covers every change up to its total."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain

from leadops.clients.call_outcomes import Answered, Outcome, Refused, Unknown
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.db import Connection
from leadops.delivery.batches import BatchState, DeltaBatch, close_batch, shrink_batch
from leadops.delivery.build_batches import hold_deltas
from leadops.delivery.build_totals import LATE_CALLS
from leadops.delivery.claim_totals import decode_totals, group_rows, halve_batch, list_members
from leadops.delivery.dead_letters import dead_letter_delta
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.presence import (
    MOVED,
    find_contradicted,
    record_absence,
    settle_found,
    unalign_lead,
)
from leadops.delivery.push_report import PushReport, report_failed_call, schedule_retry
from leadops.mask import SentValues, mask_text
from leadops.products.product import Product
from leadops.products.product_client import LeadAnswer
from leadops.products.product_rows import RowResult, RowState, ScoreRow, TotalRow
from leadops.queries import Queries

queries = Queries(__file__, topic="totals")

#: Why a total is for a person that is refused again and again, and whose lead is there.
CONTRADICTED = "refused as if another lead stood for it, and a reading finds the lead"

_UNKNOWN = RowResult(RowState.UNKNOWN)
_MOVED = RowResult(RowState.MOVED)


def settle_totals(
    connection: Connection,
    batch: DeltaBatch,
    outcome: Outcome,
    *,
    product: Product,
    target: str,
    settings: DeliverySettings,
    now: datetime,
    read_lead: Callable[[str], LeadAnswer],
) -> PushReport:
    """Settle a locked batch of totals by `outcome`, in the caller's transaction.

    What the answer leaves unknown or to be sent again stays in the batch, for another call with the total of
    that time. A total that was taken after a call of unknown outcome goes out once more after LATE_CALLS: the
    older call may arrive until then.

    An answer that says nothing of any of several leads has two causes: the call is malformed, or all of them
    were merged. Once the call was repeated, `read_lead` reads the first of them and so says which.
    """
    totals = decode_totals(batch)
    if isinstance(outcome, Answered):
        answer = product.read_total_answer(outcome.body, totals)
        results = {total.external_id: answer.get(total.lead_id, _UNKNOWN) for total in totals}
        reading = PushReport()
        if batch.attempts and _says_nothing(results):
            reading = PushReport(calls=1)
            if read_lead(totals[0].external_id).absence is not None:
                results = dict.fromkeys(results, _MOVED)
        return reading + _settle_answered(
            connection, batch, totals, results, target=target, settings=settings, now=now
        )
    if isinstance(outcome, Refused) and not outcome.concerns_caller:
        return _settle_refused(connection, batch, totals, outcome, target=target, now=now)
    not_before = schedule_retry(
        connection, outcome, target=target, attempts=batch.attempts + 1, settings=settings, now=now
    )
    close_batch(
        connection,
        batch,
        state=BatchState.READY,
        error=outcome.reason,
        not_before=not_before,
        may_have_arrived=isinstance(outcome, Unknown),
        now=now,
    )
    return report_failed_call(outcome, outcome.reason, attempts=batch.attempts)


def _says_nothing(results: Mapping[str, RowResult]) -> bool:
    return len(results) > 1 and all(result.state is RowState.UNKNOWN for result in results.values())


def _settle_answered(
    connection: Connection,
    batch: DeltaBatch,
    totals: Sequence[TotalRow],
    results: Mapping[str, RowResult],
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Settle what the answer names lead by lead; the rest stays in the batch."""
    rows = group_rows(batch.score_rows)
    sent = SentValues(batch.body)

    def select(*states: RowState) -> list[TotalRow]:
        return [total for total in totals if results[total.external_id].state in states]

    def explain(total: TotalRow, otherwise: str) -> str:
        return mask_text(results[total.external_id].reason or otherwise, longest=200, sent=sent)

    taken = select(RowState.DONE, RowState.DUPLICATE)
    covered = _record_taken(connection, batch, taken, target=target, now=now)
    applied = sum(row.seq > 0 for total in taken for row in rows[total.external_id]) + covered
    refused = select(RowState.DEAD)
    dead = 0
    for total in refused:
        reason = explain(total, "rejected by the MA")
        dead += _bury(connection, total, rows[total.external_id], reason, target=target, now=now)
    for total in select(RowState.GONE):
        _hold_gone(
            connection,
            total.external_id,
            rows[total.external_id],
            results[total.external_id].absence,
            target=target,
            now=now,
        )
    moved = select(RowState.MOVED)
    stuck = find_contradicted(
        connection, target=target, lead_ids=[lead_id for lead_id, _ in list_members(batch, moved)], now=now
    )
    for lead_id, total in list_members(batch, moved):
        if lead_id in stuck and total in moved:
            moved.remove(total)
            reason = explain(total, CONTRADICTED)
            dead += _bury(connection, total, rows[total.external_id], reason, target=target, now=now)
    for total in moved:
        hold_deltas(connection, [row.seq for row in rows[total.external_id]], target=target)
    # Each lead with the id waits: one that did not would make the next call.
    for lead_id, _ in list_members(batch, moved):
        unalign_lead(connection, target=target, lead_id=lead_id, reason=MOVED, now=now)
    left, unknown = select(RowState.AGAIN, RowState.UNKNOWN), select(RowState.UNKNOWN)
    if not left:
        close_batch(connection, batch, state=BatchState.DONE, now=now)
        return PushReport(calls=1, deltas=applied, dead=dead)
    reason = explain(left[0], "the answer does not name it" if unknown else "not yet")
    problem = f"{len(left)} of {len(totals)} totals have to be sent again: {reason}"
    if len(left) < len(totals):
        shrink_batch(connection, batch, list(chain(*(rows[total.external_id] for total in left))))
    close_batch(
        connection,
        batch,
        state=BatchState.READY,
        error=problem,
        not_before=now + settings.backoff(batch.attempts + 1),
        may_have_arrived=bool(unknown),
        now=now,
    )
    is_first = batch.attempts == 0 and len(left) == len(totals)
    return PushReport(
        calls=1, deltas=applied, dead=dead, failed=1, failed_last=int(is_first), problem=problem
    )


def _settle_refused(
    connection: Connection,
    batch: DeltaBatch,
    totals: Sequence[TotalRow],
    outcome: Refused,
    *,
    target: str,
    now: datetime,
) -> PushReport:
    """Halve a call refused for its size or content, so that one bad total costs one lead; else all die."""
    rows = group_rows(batch.score_rows)
    if outcome.absence is not None and len(totals) == 1:
        (total,) = totals
        _hold_gone(connection, total.external_id, batch.score_rows, outcome.absence, target=target, now=now)
        close_batch(connection, batch, state=BatchState.DONE, error=outcome.reason, now=now)
        return PushReport(calls=1)
    if (outcome.is_splittable or outcome.absence is not None) and len(totals) > 1:
        halve_batch(connection, batch, error=f"split: {outcome.reason}", now=now)
        return PushReport(calls=1)
    dead = sum(
        _bury(connection, total, rows[total.external_id], outcome.reason, target=target, now=now)
        for total in totals
    )
    close_batch(connection, batch, state=BatchState.DEAD, error=outcome.reason, now=now)
    return PushReport(calls=1, dead=dead, problem=outcome.reason)


def _record_taken(
    connection: Connection, batch: DeltaBatch, taken: Sequence[TotalRow], *, target: str, now: datetime
) -> int:
    """Record which totals the target took; return how many held changes they cover besides the batch."""
    if not taken:
        return 0
    members = list_members(batch, taken)
    values = {
        "target": target,
        "lead_ids": [lead_id for lead_id, _ in members],
        "external_ids": [total.external_id for _, total in members],
        "seqs": [total.seq for _, total in members],
    }
    queries.run(
        connection,
        "record_taken",
        again_at=now + LATE_CALLS if batch.may_have_arrived else None,
        claimed_at=batch.first_sent_at,
        **values,
    )
    settle_found(connection, target=target, lead_ids=[lead_id for lead_id, _ in members])
    queries.run(connection, "accept_letters", now=now, **values)
    return queries.run(connection, "delete_held", **values)


def _bury(
    connection: Connection,
    total: TotalRow,
    rows: Sequence[ScoreRow],
    reason: str,
    *,
    target: str,
    now: datetime,
) -> int:
    """Make dead letters of the changes that a refused total was for; return how many."""
    seqs = [row.seq for row in rows if row.seq]
    for seq in seqs:
        dead_letter_delta(connection, seq, target=target, reason=reason, now=now)
    queries.run(connection, "record_refused", target=target, external_id=total.external_id, reason=reason)
    return len(seqs)


def _hold_gone(
    connection: Connection,
    external_id: str,
    rows: Sequence[ScoreRow],
    absence: LeadAbsence | None,
    *,
    target: str,
    now: datetime,
) -> None:
    """Hold the changes of a lead that is gone, and record why it is."""
    hold_deltas(connection, [row.seq for row in rows], target=target)
    word = absence or LeadAbsence(AbsenceWord.NOT_FOUND)
    record_absence(connection, target=target, external_id=external_id, absence=word, now=now)
