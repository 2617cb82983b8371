"""Decides before the call of an effect whether it may be made: once more, or in place of another process."""

from datetime import datetime

from leadops.clients.call_outcomes import Answered, Failure, Refused
from leadops.delivery.adopt_crm_leads import take_found_lead
from leadops.delivery.build_totals import LATE_CALLS
from leadops.delivery.due_calls import TAKEOVER_PAUSE
from leadops.delivery.effect_try import EffectTry
from leadops.delivery.external_ids import save_external_id
from leadops.delivery.look_up import NOT_IN_LOG, NOT_THERE_YET, find_change
from leadops.delivery.outbox import OutboxState
from leadops.delivery.push_report import PushReport
from leadops.products.product_rows import NothingToSendError, ScoreRow, UnsupportedCallError

#: The record of a creation that is not asked for: the target has had the lead since the database went back.
FOUND = "the target has this lead already"
KEY_FORGOTTEN = (
    "the outcome is unknown and the target may have forgotten the key: look there, then retry or drop"
)
NO_KEYS = "it may have arrived, and the target does not know a repeated call: look there, then retry or drop"
#: Why an effect gets another call: see `_is_outdated`.
OUTDATED = "the settings of the product have changed since the call was made"


def settle_without_call(attempt: EffectTry, *, claimed_at: datetime | None) -> PushReport | None:
    """Settle an effect whose stored call must not be made; return None where it has to be.

    What another process claimed, or what is of unknown outcome, may have arrived: it rests for as long as the
    product asks, or is looked up in the product's log. Where the product knows no repeated call, or may have
    forgotten the key, it becomes a dead letter for a person to decide. A creation of a lead that the target
    turned out to have is done; an outdated call goes back, to be made again.
    """
    effect, product, now = attempt.effect, attempt.product, attempt.now
    is_own = claimed_at is None or effect.first_sent_at == claimed_at
    rests_until = effect.first_sent_at + product.repeat_pause
    if not is_own and attempt.knows_repetition and now < rests_until:
        # Another process may have sent it a moment ago.
        attempt.close(OutboxState.SENDING, not_before=rests_until)
        return PushReport()
    is_tried = effect.may_have_arrived or not is_own
    is_recent = now - effect.first_sent_at <= TAKEOVER_PAUSE
    if not attempt.knows_repetition and is_tried and is_recent and not effect.may_have_arrived:
        return PushReport()
    if attempt.has_log and is_tried:
        return _look_up(attempt)
    if attempt.is_once_only and is_tried:
        return PushReport(dead=1, problem=attempt.bury(NO_KEYS))
    is_key_forgotten = now - effect.first_sent_at > attempt.settings.targets[attempt.target].key_memory
    if is_key_forgotten and not attempt.is_repeatable:
        return PushReport(dead=1, problem=attempt.bury(KEY_FORGOTTEN))
    if attempt.operation.is_creation and _take_found(attempt):
        return PushReport(effects=1)
    if (attempt.is_repeatable or not is_tried) and _is_outdated(attempt):
        attempt.close(OutboxState.PENDING, error=OUTDATED)
        return PushReport()
    return None


def _look_up(attempt: EffectTry) -> PushReport:
    """Settle an effect of unknown outcome by what the product shows: its log, or the lead.

    One that is still missing LATE_CALLS after its call goes out again, a correction with the same delta_id.
    """
    effect, now = attempt.effect, attempt.now
    found = _find_effect(attempt) if attempt.lookup is not None else _find_correction(attempt)
    if found is True:
        attempt.close(OutboxState.DONE)
        return PushReport(calls=1, effects=1)
    is_final = now - effect.first_sent_at > LATE_CALLS
    if found is None and is_final:
        return PushReport(calls=1, dead=1, problem=attempt.bury(NO_KEYS))
    if found is False and is_final:
        attempt.close(OutboxState.PENDING, error=NOT_IN_LOG)
        return PushReport(calls=1)
    not_before = now + attempt.settings.backoff(effect.attempts + 1)
    if not (found is None or isinstance(found, bool)):
        not_before = attempt.schedule(found)
    attempt.close(OutboxState.SENDING, error=NOT_THERE_YET, not_before=not_before)
    return PushReport(calls=1)


def _find_correction(attempt: EffectTry) -> bool | Failure | None:
    """Return whether the product's log has a correction (None: it does not say), or why it was not read."""
    values = attempt.effect.payload
    row = ScoreRow(
        0,
        attempt.effect.lead_id or 0,
        values["external_id"],
        values["points"],
        values["reason"],
        values["delta_id"],
    )
    return find_change(attempt.client, row)


def _find_effect(attempt: EffectTry) -> bool | Failure | None:
    """Return whether an effect took place (None: nothing says it), or why that was not read.

    A refused look-up, for want of a right, stops nothing else: a person has to look.
    """
    effect = attempt.effect
    outcome = attempt.client.send(attempt.lookup or effect.call)
    if isinstance(outcome, Answered):
        row = effect.describe(attempt.target)
        return attempt.product.read_effect_lookup(outcome.body, row, since=effect.first_sent_at)
    return None if isinstance(outcome, Refused) else outcome


def _take_found(attempt: EffectTry) -> bool:
    """Settle a creation by a lead that the target turned out to have after the database went back, if any."""
    address, lead_id = attempt.effect.payload.get("email"), attempt.effect.lead_id
    if lead_id is None or not isinstance(address, str):
        return False
    found = take_found_lead(attempt.connection, target=attempt.target, address=address, now=attempt.now)
    if found is None:
        return False
    save_external_id(
        attempt.connection, target=attempt.target, lead_id=lead_id, external_id=found, now=attempt.now
    )
    attempt.close(OutboxState.DONE, error=FOUND)
    return True


def _is_outdated(attempt: EffectTry) -> bool:
    """Whether the product would make another call than the stored one, since its settings were corrected.

    A call that was refused for them would be refused each time. Those that were never tried are as they were
    made a moment ago.
    """
    effect = attempt.effect
    if not effect.attempts:
        return False
    try:
        return attempt.product.make_effect_call(effect.describe(attempt.target)) != effect.call
    except (NothingToSendError, UnsupportedCallError):
        return True
