"""Sends one effect of the outbox under its key, and settles it by the answer; follows a lead that is gone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.clients.call_outcomes import Answered, Outcome, Unknown
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.db import Connection
from leadops.delivery.delivery_settings import TRUSTED_MEMORY, DeliverySettings
from leadops.delivery.duplicates import record_duplicate_lead
from leadops.delivery.effect_try import EffectTry, find_lead_id, read_result
from leadops.delivery.external_ids import find_survivor, follow_merge
from leadops.delivery.operation_rights import is_waiting_for_right, lacks_right, note_right, wait_for_right
from leadops.delivery.outbox import Effect, OutboxState
from leadops.delivery.presence import record_absence, unalign_lead
from leadops.delivery.push_report import PushReport, report_failed_call
from leadops.delivery.take_over_effect import NO_KEYS, settle_without_call
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import RowResult, RowState

MERGED_OR_DELETED = "the lead is gone; waiting for the feed to tell whether it was merged"
#: A call on a lead that is gone is made this often, this far apart, where the feed alone tells merges.
MERGE_TRIES, MERGE_PAUSE = 12, timedelta(minutes=1)
#: Calls that one effect takes at most, where an answer asks for another call (RowResult.next_call).
CALLS_OF_ONE = 4


def send_effect(
    connection: Connection,
    client: ProductClient,
    effect: Effect,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
    claimed_at: datetime | None = None,
    is_unexplained: Callable[[], bool] = lambda: False,
) -> PushReport:
    """Send one locked effect and settle it, in the caller's transaction.

    An effect of unknown outcome is sent again under its key, unless `settle_without_call` settles it: only
    what was claimed first at `claimed_at` (None: any effect) was surely not sent. One that is still in
    conflict (409) after TRUSTED_MEMORY becomes a dead letter. Where the target remembers no keys, an unknown
    outcome is such a dead letter at once. `is_unexplained` says whether a duplicate in the answer is one that
    nothing on record explains. What may have arrived rests for as long as the product asks (`repeat_pause`).
    """
    attempt = EffectTry(connection, client, effect, target, settings, now)
    if (settled := settle_without_call(attempt, claimed_at=claimed_at)) is not None:
        return settled
    if is_waiting_for_right(attempt):
        return PushReport()
    operation = attempt.operation
    outcome, result = attempt.send(effect.call, key=effect.idempotency_key)
    followed = PushReport()
    while result.next_call is not None and attempt.is_repeatable and followed.calls + 1 < CALLS_OF_ONE:
        attempt.save_id(result)
        outcome, result = attempt.send(result.next_call)
        followed += PushReport(calls=1)
    if result.next_call is not None and attempt.is_repeatable and operation.needs_id and result.external_id:
        # The lead that stands for this one went on, too: the next call begins where this one has got to.
        attempt.save_id(result)
        attempt.close(OutboxState.PENDING, error=f"the lead went on as {result.external_id}")
        return followed + PushReport(calls=1)
    if result.state is RowState.MOVED:
        result = _look_for_lead(attempt, result)
        followed += PushReport(calls=1)
        if operation.removes_lead and result.state is RowState.GONE:
            outcome, result = _remove_survivor(attempt, outcome, result)
    if target != "ma" and result.state is RowState.GONE:
        result = _follow_lead(attempt, result)
        if result.state is RowState.GONE:
            return followed + PushReport(calls=1)
    return followed + _settle(attempt, outcome, result, is_unexplained=is_unexplained)


def _settle(
    attempt: EffectTry, outcome: Outcome, result: RowResult, *, is_unexplained: Callable[[], bool]
) -> PushReport:
    """Settle an effect by what its last call came to."""
    connection, effect, target, now = attempt.connection, attempt.effect, attempt.target, attempt.now
    if result.state is RowState.GONE:
        return _wait_for_lead(attempt, result)
    if result.state is RowState.DUPLICATE and attempt.operation.corrects_score and effect.lead_id is not None:
        # No answer ever said that it took effect: the lead's total says it.
        unalign_lead(connection, target=target, lead_id=effect.lead_id, reason="duplicate", now=now)
        if is_unexplained():
            record_duplicate_lead(connection, effect.lead_id, target=target, now=now)
    if result.state in (RowState.DONE, RowState.DUPLICATE):
        attempt.save_id(result)
        answer = Jsonb(outcome.body) if isinstance(outcome, Answered) else None
        attempt.close(OutboxState.DONE, answer=answer)
        if attempt.operation.has_own_right:
            note_right(connection, target=target, operation=effect.operation)
        return PushReport(calls=1, effects=1)
    error = str(result.reason)
    if lacks_right(attempt, outcome):
        return wait_for_right(attempt, error)
    if result.state is RowState.DEAD or _is_lasting_conflict(outcome, effect, now):
        return PushReport(calls=1, dead=1, problem=attempt.bury(error))
    may_have_arrived = result.state is RowState.UNKNOWN and isinstance(outcome, Answered | Unknown)
    if attempt.is_once_only and may_have_arrived:
        reason = attempt.bury(f"{NO_KEYS} ({error})")
        return report_failed_call(outcome, reason, attempts=effect.attempts) + PushReport(dead=1)
    not_before = attempt.schedule(outcome)
    if may_have_arrived:
        not_before = max(not_before, now + attempt.product.repeat_pause)
    attempt.close(OutboxState.SENDING, error=error, not_before=not_before, may_have_arrived=may_have_arrived)
    return report_failed_call(outcome, error, attempts=effect.attempts)


def _is_lasting_conflict(outcome: Outcome, effect: Effect, now: datetime) -> bool:
    """Whether a 409 cannot mean any more that an earlier try of the effect is in progress."""
    is_in_conflict = isinstance(outcome, Unknown) and outcome.is_in_conflict
    return is_in_conflict and now - effect.first_sent_at > TRUSTED_MEMORY


def _look_for_lead(attempt: EffectTry, result: RowResult) -> RowResult:
    """Return where the lead of an effect is, which was refused as being elsewhere.

    An erasure must not end at a lead of which it cannot be known whether another one stands for it.
    """
    lead_id = find_lead_id(attempt.operation, attempt.effect) or ""
    answer = attempt.client.read_lead(lead_id, is_merge_certain=attempt.operation.removes_lead)
    if answer.absence is None:
        reason = result.reason if answer.failure is None else answer.failure.reason
        return RowResult(RowState.AGAIN, reason)
    return RowResult(RowState.GONE, result.reason, answer.absence)


def _remove_survivor(attempt: EffectTry, outcome: Outcome, result: RowResult) -> tuple[Outcome, RowResult]:
    """Remove what stands for a lead that was merged, at once; one that is nowhere is removed already."""
    effect, product = attempt.effect, attempt.product
    survivor = result.absence.merged_into if result.absence else None
    if survivor is None:
        return outcome, RowResult(RowState.DONE)
    call = product.make_effect_call(replace(effect.describe(attempt.target), external_id=survivor))
    outcome = attempt.client.send(call)
    moved = replace(effect, request=effect.request | {"external_id": survivor})
    return outcome, read_result(product, attempt.operation, moved, outcome, target=attempt.target)


def _wait_for_lead(attempt: EffectTry, result: RowResult) -> PushReport:
    """Let an effect on a lead that is gone wait for it; a correction is dropped."""
    absence = result.absence or LeadAbsence(AbsenceWord.NOT_FOUND)
    record_absence(
        attempt.connection,
        target=attempt.target,
        external_id=find_lead_id(attempt.operation, attempt.effect) or "",
        absence=absence,
        now=attempt.now,
    )
    # When the lead is there again, its total is compared: that replaces the correction.
    state = OutboxState.DROPPED if attempt.operation.corrects_score else OutboxState.PENDING
    attempt.close(state, error=f"the lead is {absence.word} in the MA")
    return PushReport(calls=1)


def _follow_lead(attempt: EffectTry, result: RowResult) -> RowResult:
    """Let an effect on a lead that was merged or converted in the CRM go to where that lead went.

    Return GONE where it waits: for another call, which names the other lead, or for the feed, where that
    alone tells merges: until then it is sent again after MERGE_PAUSE. Only answers that the lead is gone
    count towards MERGE_TRIES: while the CRM is down, its feed tells nothing either.
    """
    connection, effect, target, now = attempt.connection, attempt.effect, attempt.target, attempt.now
    gone_id = str(effect.request.get("external_id"))
    survivor = result.absence.merged_into if result.absence else None
    if survivor is not None and survivor != gone_id:
        follow_merge(connection, target=target, external_id=gone_id, survivor=survivor, now=now)
    known = find_survivor(connection, target=target, lead_id=effect.lead_id)
    if known is not None and known != gone_id:
        attempt.close(OutboxState.PENDING, error=f"the lead went on as {known}")
        return result
    crm = attempt.product.crm
    if crm is None or not crm.tells_merges_by_feed or effect.gone_answers >= MERGE_TRIES:
        state = RowState.DONE if attempt.operation.ends_with_lead else RowState.DEAD
        return RowResult(state, result.reason)
    attempt.close(OutboxState.SENDING, error=MERGED_OR_DELETED, not_before=now + MERGE_PAUSE, is_gone=True)
    return result
