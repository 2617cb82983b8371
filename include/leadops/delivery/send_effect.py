"""Sends one effect of the outbox under its key, and settles it by the answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.clients.answer_values import read_id
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.clients.transport import Answered, Outcome, Refused, Unknown
from leadops.db import Connection
from leadops.delivery.adopt_crm_leads import take_found_lead
from leadops.delivery.backoff import report_failed_call, schedule_retry
from leadops.delivery.build_totals import LATE_CALLS
from leadops.delivery.dead_letters import bury_effect
from leadops.delivery.delivery_settings import TRUSTED_MEMORY, DeliverySettings
from leadops.delivery.due_calls import TAKEOVER_PAUSE
from leadops.delivery.duplicates import record_duplicate_lead
from leadops.delivery.external_ids import find_survivor, follow_merge, save_external_id
from leadops.delivery.look_up import NOT_IN_LOG, NOT_THERE_YET, find_change
from leadops.delivery.operations import Operation, find_operation
from leadops.delivery.outbox import Effect, OutboxState, close_effect
from leadops.delivery.presence import record_absence, unalign_lead
from leadops.delivery.push_report import PushReport
from leadops.mask import SentValues, mask_text
from leadops.products.product import (
    NothingToSendError,
    Product,
    RowResult,
    RowState,
    ScoreRow,
    UnsupportedCallError,
)
from leadops.products.product_client import ProductClient

#: The record of a creation that is not asked for: the target has had the lead since the database went back.
FOUND = "the target has this lead already"
KEY_FORGOTTEN = (
    "the outcome is unknown and the target may have forgotten the key: look there, then retry or drop"
)
NO_KEYS = "it may have arrived, and the target does not know a repeated call: look there, then retry or drop"
#: Why an effect gets another call: see `_is_outdated`.
OUTDATED = "the settings of the product have changed since the call was made"
NO_ID = "the answer has no id"
NOT_THERE = "the target does not have the lead"
MERGED_OR_DELETED = "the lead is gone; waiting for the feed to tell whether it was merged"
#: A call on a lead that is gone is made this often, this far apart, where the feed alone tells merges.
MERGE_TRIES, MERGE_PAUSE = 12, timedelta(minutes=1)
#: Calls that one effect takes at most, where an answer asks for another call (RowResult.next_call).
CALLS_OF_ONE = 4
#: What stands in place of a reason that the target does not give.
DEFAULT_REASONS = {
    RowState.DEAD: "rejected by the target",
    RowState.AGAIN: "the target asks to send it again",
    RowState.MOVED: "another lead stands for it",
    RowState.UNKNOWN: "the answer does not say what became of it",
}


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

    An effect of unknown outcome is sent again under its key. Once the target may have forgotten the key, an
    effect whose repetition may do harm becomes a dead letter for a person to decide; so does one that is
    still in conflict (409) after TRUSTED_MEMORY. Where the target remembers no keys, an unknown outcome is
    such a dead letter at once, and so is what another process claimed and did not settle: only what was
    claimed first at `claimed_at` (None: any effect) was surely not sent. `is_unexplained` says whether a
    duplicate in the answer is one that nothing on record explains. What may have arrived rests for as long as
    the product asks (`repeat_pause`). An effect whose stored call is outdated gets another one: see
    `_is_outdated`.
    """
    operation = find_operation(target, effect.operation)
    is_repeatable = client.product.is_repeatable(target, effect.operation)
    has_log = client.product.has_change_log and operation.corrects_score
    is_once_only = not (is_repeatable or client.product.remembers_keys)
    is_own = claimed_at is None or effect.first_sent_at == claimed_at
    rests_until = effect.first_sent_at + client.product.repeat_pause
    if not is_own and not is_once_only and now < rests_until:
        # Another process may have sent it a moment ago.
        close_effect(connection, effect.outbox_id, state=OutboxState.SENDING, not_before=rests_until, now=now)
        return PushReport()
    is_tried = effect.may_have_arrived or not is_own
    is_recent = now - effect.first_sent_at <= TAKEOVER_PAUSE
    if is_once_only and is_tried and is_recent and not effect.may_have_arrived:
        return PushReport()
    if has_log and is_tried:
        return _look_up(connection, client, effect, target=target, settings=settings, now=now)
    is_once_only = is_once_only and not has_log
    if is_once_only and is_tried:
        return PushReport(dead=1, problem=_bury(connection, effect, NO_KEYS, target=target, now=now))
    is_key_forgotten = now - effect.first_sent_at > settings.targets[target].key_memory
    if is_key_forgotten and not is_repeatable:
        return PushReport(dead=1, problem=_bury(connection, effect, KEY_FORGOTTEN, target=target, now=now))
    if operation.is_creation and _take_found(connection, effect, target=target, now=now):
        return PushReport(effects=1)
    if (is_repeatable or not is_tried) and _is_outdated(client.product, effect, target=target):
        close_effect(connection, effect.outbox_id, state=OutboxState.PENDING, error=OUTDATED, now=now)
        return PushReport()
    outcome = client.send(effect.call, key=effect.idempotency_key)
    result = read_result(client.product, operation, effect, outcome, target=target)
    followed = PushReport()
    while result.next_call is not None and is_repeatable and followed.calls + 1 < CALLS_OF_ONE:
        _save_id(connection, effect, result, target=target, now=now)
        outcome = client.send(result.next_call)
        result = read_result(client.product, operation, effect, outcome, target=target)
        followed += PushReport(calls=1)
    if result.next_call is not None and is_repeatable and operation.needs_id and result.external_id:
        # The lead that stands for this one went on, too: the next call begins where this one has got to.
        _save_id(connection, effect, result, target=target, now=now)
        error = f"the lead went on as {result.external_id}"
        close_effect(connection, effect.outbox_id, state=OutboxState.PENDING, error=error, now=now)
        return followed + PushReport(calls=1)
    if result.state is RowState.MOVED:
        result = _look_for_lead(client, operation, effect, result)
        followed += PushReport(calls=1)
        if operation.removes_lead and result.state is RowState.GONE:
            outcome, result = _remove_survivor(client, operation, effect, outcome, result, target=target)
    if target != "ma" and result.state is RowState.GONE:
        result = _follow_lead(connection, client.product, effect, result, target=target, now=now)
        if result.state is RowState.GONE:
            return followed + PushReport(calls=1)
    return followed + _settle(
        connection,
        effect,
        operation,
        outcome,
        result,
        target=target,
        settings=settings,
        now=now,
        is_once_only=is_once_only,
        repeat_pause=client.product.repeat_pause,
        is_unexplained=is_unexplained,
    )


def _settle(
    connection: Connection,
    effect: Effect,
    operation: Operation,
    outcome: Outcome,
    result: RowResult,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
    is_once_only: bool,
    repeat_pause: timedelta,
    is_unexplained: Callable[[], bool],
) -> PushReport:
    """Settle an effect by what its last call came to."""
    if result.state is RowState.GONE:
        return _wait_for_lead(connection, effect, operation, result, target=target, now=now)
    if result.state is RowState.DUPLICATE and operation.corrects_score and effect.lead_id is not None:
        # No answer ever said that it took effect: the lead's total says it.
        unalign_lead(connection, target=target, lead_id=effect.lead_id, reason="duplicate", now=now)
        if is_unexplained():
            record_duplicate_lead(connection, effect.lead_id, target=target, now=now)
    if result.state in (RowState.DONE, RowState.DUPLICATE):
        _save_id(connection, effect, result, target=target, now=now)
        answer = Jsonb(outcome.body) if isinstance(outcome, Answered) else None
        close_effect(connection, effect.outbox_id, state=OutboxState.DONE, answer=answer, now=now)
        return PushReport(calls=1, effects=1)
    error = str(result.reason)
    if result.state is RowState.DEAD or _is_lasting_conflict(outcome, effect, now):
        reason = _bury(connection, effect, error, target=target, now=now)
        return PushReport(calls=1, dead=1, problem=reason)
    may_have_arrived = result.state is RowState.UNKNOWN and isinstance(outcome, Answered | Unknown)
    if is_once_only and may_have_arrived:
        reason = _bury(connection, effect, f"{NO_KEYS} ({error})", target=target, now=now)
        return report_failed_call(outcome, reason, attempts=effect.attempts) + PushReport(dead=1)
    not_before = schedule_retry(
        connection, outcome, target=target, attempts=effect.attempts + 1, settings=settings, now=now
    )
    if may_have_arrived:
        not_before = max(not_before, now + repeat_pause)
    close_effect(
        connection,
        effect.outbox_id,
        state=OutboxState.SENDING,
        error=error,
        not_before=not_before,
        may_have_arrived=may_have_arrived,
        now=now,
    )
    return report_failed_call(outcome, error, attempts=effect.attempts)


def read_result(
    product: Product, operation: Operation, effect: Effect, outcome: Outcome, *, target: str
) -> RowResult:
    """Return what an outcome means for an effect; a reason in it holds nothing of what was sent.

    A 2xx answer counts for what the product reads in it, not for its status.
    """
    if isinstance(outcome, Answered):
        result = product.read_effect_answer(outcome.body, effect.describe(target))
    elif not isinstance(outcome, Refused):
        return RowResult(RowState.UNKNOWN, outcome.reason)
    elif outcome.absence is not None or (operation.removes_lead and outcome.status in (404, 410)):
        result = RowResult(RowState.GONE, outcome.reason, outcome.absence)
    else:
        return RowResult(RowState.AGAIN if outcome.concerns_caller else RowState.DEAD, outcome.reason)
    if result.state in (RowState.GONE, RowState.MOVED):
        if operation.removes_lead and result.state is RowState.GONE:
            return RowResult(RowState.DONE)
        if find_lead_id(operation, effect) is not None:
            return replace(result, reason=getattr(outcome, "reason", NOT_THERE))
        return RowResult(RowState.DEAD, getattr(outcome, "reason", NOT_THERE))
    if result.state is RowState.DONE and operation.gives_id and effect.lead_id is not None:
        external_id = read_id(result.external_id)
        return RowResult(RowState.UNKNOWN, NO_ID) if external_id is None else result
    if result.state in DEFAULT_REASONS:
        reason = str(result.reason or DEFAULT_REASONS[result.state])
        return replace(result, reason=mask_text(reason, longest=200, sent=SentValues(effect.body)))
    return result


def _look_up(
    connection: Connection,
    client: ProductClient,
    effect: Effect,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Settle a correction of unknown outcome by the product's own log.

    One that is still missing LATE_CALLS after its call goes out again, with the same delta_id.
    """
    values = effect.payload
    row = ScoreRow(
        0,
        effect.lead_id or 0,
        values["external_id"],
        values["points"],
        values["reason"],
        values["delta_id"],
    )
    found = find_change(client, row)
    if found is True:
        close_effect(connection, effect.outbox_id, state=OutboxState.DONE, now=now)
        return PushReport(calls=1, effects=1)
    is_final = now - effect.first_sent_at > LATE_CALLS
    if found is None and is_final:
        return PushReport(calls=1, dead=1, problem=_bury(connection, effect, NO_KEYS, target=target, now=now))
    if found is False and is_final:
        close_effect(connection, effect.outbox_id, state=OutboxState.PENDING, error=NOT_IN_LOG, now=now)
        return PushReport(calls=1)
    not_before = now + settings.backoff(effect.attempts + 1)
    if not (found is None or isinstance(found, bool)):
        not_before = schedule_retry(
            connection, found, target=target, attempts=effect.attempts + 1, settings=settings, now=now
        )
    close_effect(
        connection,
        effect.outbox_id,
        state=OutboxState.SENDING,
        error=NOT_THERE_YET,
        not_before=not_before,
        now=now,
    )
    return PushReport(calls=1)


def _save_id(
    connection: Connection, effect: Effect, result: RowResult, *, target: str, now: datetime
) -> None:
    """Keep the id that the target gave to the lead of an effect, if it did."""
    if result.external_id is not None and effect.lead_id is not None:
        save_external_id(
            connection, target=target, lead_id=effect.lead_id, external_id=result.external_id, now=now
        )


def _look_for_lead(
    client: ProductClient, operation: Operation, effect: Effect, result: RowResult
) -> RowResult:
    """Return where the lead of an effect is, which was refused as being elsewhere.

    An erasure must not end at a lead of which it cannot be known whether another one stands for it.
    """
    lead_id = find_lead_id(operation, effect) or ""
    answer = client.read_lead(lead_id, is_merge_certain=operation.removes_lead)
    if answer.absence is None:
        reason = result.reason if answer.failure is None else answer.failure.reason
        return RowResult(RowState.AGAIN, reason)
    return RowResult(RowState.GONE, result.reason, answer.absence)


def _remove_survivor(
    client: ProductClient,
    operation: Operation,
    effect: Effect,
    outcome: Outcome,
    result: RowResult,
    *,
    target: str,
) -> tuple[Outcome, RowResult]:
    """Remove what stands for a lead that was merged, at once; one that is nowhere is removed already."""
    survivor = result.absence.merged_into if result.absence else None
    if survivor is None:
        return outcome, RowResult(RowState.DONE)
    call = client.product.make_effect_call(replace(effect.describe(target), external_id=survivor))
    outcome = client.send(call)
    moved = replace(effect, request=effect.request | {"external_id": survivor})
    return outcome, read_result(client.product, operation, moved, outcome, target=target)


def _wait_for_lead(
    connection: Connection,
    effect: Effect,
    operation: Operation,
    result: RowResult,
    *,
    target: str,
    now: datetime,
) -> PushReport:
    """Let an effect on a lead that is gone wait for it; a correction is dropped."""
    absence = result.absence or LeadAbsence(AbsenceWord.NOT_FOUND)
    external_id = find_lead_id(operation, effect) or ""
    record_absence(connection, target=target, external_id=external_id, absence=absence, now=now)
    # When the lead is there again, its total is compared: that replaces the correction.
    state = OutboxState.DROPPED if operation.corrects_score else OutboxState.PENDING
    error = f"the lead is {absence.word} in the MA"
    close_effect(connection, effect.outbox_id, state=state, error=error, now=now)
    return PushReport(calls=1)


def _follow_lead(
    connection: Connection,
    product: Product,
    effect: Effect,
    result: RowResult,
    *,
    target: str,
    now: datetime,
) -> RowResult:
    """Let an effect on a lead that was merged or converted in the CRM go to where that lead went.

    Return GONE where it waits: for another call, which names the other lead, or for the feed, where that
    alone tells merges: until then it is sent again after MERGE_PAUSE, at most MERGE_TRIES times.
    """
    gone_id = str(effect.request.get("external_id"))
    survivor = result.absence.merged_into if result.absence else None
    if survivor is not None and survivor != gone_id:
        follow_merge(connection, target=target, external_id=gone_id, survivor=survivor, now=now)
    known = find_survivor(connection, target=target, lead_id=effect.lead_id)
    if known is not None and known != gone_id:
        error = f"the lead went on as {known}"
        close_effect(connection, effect.outbox_id, state=OutboxState.PENDING, error=error, now=now)
        return result
    if product.crm is None or not product.crm.tells_merges_by_feed or effect.attempts >= MERGE_TRIES:
        return RowResult(RowState.DEAD, result.reason)
    close_effect(
        connection,
        effect.outbox_id,
        state=OutboxState.SENDING,
        error=MERGED_OR_DELETED,
        not_before=now + MERGE_PAUSE,
        now=now,
    )
    return result


def _is_outdated(product: Product, effect: Effect, *, target: str) -> bool:
    """Whether the product would make another call than the stored one, since its settings were corrected.

    A call that was refused for them would be refused each time. Those that were never tried are as they were
    made a moment ago.
    """
    if not effect.attempts:
        return False
    try:
        return product.make_effect_call(effect.describe(target)) != effect.call
    except (NothingToSendError, UnsupportedCallError):
        return True


def find_lead_id(operation: Operation, effect: Effect) -> str | None:
    """Return the target's id of the lead that the call of an effect names, if it names one."""
    if operation.corrects_score:
        return read_id(effect.payload.get("external_id"))
    return effect.request.get("external_id") if operation.needs_id else None


def _take_found(connection: Connection, effect: Effect, *, target: str, now: datetime) -> bool:
    """Settle a creation by a lead that the target turned out to have after the database went back, if any."""
    address = effect.payload.get("email")
    if effect.lead_id is None or not isinstance(address, str):
        return False
    found = take_found_lead(connection, target=target, address=address, now=now)
    if found is None:
        return False
    save_external_id(connection, target=target, lead_id=effect.lead_id, external_id=found, now=now)
    close_effect(connection, effect.outbox_id, state=OutboxState.DONE, error=FOUND, now=now)
    return True


def _bury(connection: Connection, effect: Effect, reason: str, *, target: str, now: datetime) -> str:
    return bury_effect(connection, effect.outbox_id, effect.lead_id, target=target, reason=reason, now=now)


def _is_lasting_conflict(outcome: Outcome, effect: Effect, now: datetime) -> bool:
    """Whether a 409 cannot mean any more that an earlier try of the effect is in progress."""
    is_in_conflict = isinstance(outcome, Unknown) and outcome.is_in_conflict
    return is_in_conflict and now - effect.first_sent_at > TRUSTED_MEMORY
