"""What becomes of an effect whose lead is gone: it goes where the lead went, waits for it, or ends."""

from dataclasses import replace
from datetime import timedelta

from leadops.clients.call_outcomes import Outcome
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.delivery.effect_result import find_lead_id, read_result
from leadops.delivery.effect_try import EffectTry
from leadops.delivery.external_ids import find_survivor, follow_merge
from leadops.delivery.outbox import OutboxState
from leadops.delivery.presence import record_absence
from leadops.delivery.push_report import PushReport
from leadops.products.product import RowResult, RowState

MERGED_OR_DELETED = "the lead is gone; waiting for the feed to tell whether it was merged"
#: A call on a lead that is gone is made this often, this far apart, where the feed alone tells merges.
MERGE_TRIES, MERGE_PAUSE = 12, timedelta(minutes=1)


def look_for_lead(attempt: EffectTry, result: RowResult) -> RowResult:
    """Return where the lead of an effect is, which was refused as being elsewhere.

    An erasure must not end at a lead of which it cannot be known whether another one stands for it.
    """
    lead_id = find_lead_id(attempt.operation, attempt.effect) or ""
    answer = attempt.client.read_lead(lead_id, is_merge_certain=attempt.operation.removes_lead)
    if answer.absence is None:
        reason = result.reason if answer.failure is None else answer.failure.reason
        return RowResult(RowState.AGAIN, reason)
    return RowResult(RowState.GONE, result.reason, answer.absence)


def remove_survivor(attempt: EffectTry, outcome: Outcome, result: RowResult) -> tuple[Outcome, RowResult]:
    """Remove what stands for a lead that was merged, at once; one that is nowhere is removed already."""
    effect, product = attempt.effect, attempt.product
    survivor = result.absence.merged_into if result.absence else None
    if survivor is None:
        return outcome, RowResult(RowState.DONE)
    call = product.make_effect_call(replace(effect.describe(attempt.target), external_id=survivor))
    outcome = attempt.client.send(call)
    moved = replace(effect, request=effect.request | {"external_id": survivor})
    return outcome, read_result(product, attempt.operation, moved, outcome, target=attempt.target)


def wait_for_lead(attempt: EffectTry, result: RowResult) -> PushReport:
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


def follow_lead(attempt: EffectTry, result: RowResult) -> RowResult:
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
