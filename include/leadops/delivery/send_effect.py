"""Sends one effect of the outbox under its key, and settles it by the answer."""

from collections.abc import Callable
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.clients.call_outcomes import Answered, Outcome, Unknown
from leadops.db import Connection
from leadops.delivery.backoff import report_failed_call
from leadops.delivery.delivery_settings import TRUSTED_MEMORY, DeliverySettings
from leadops.delivery.duplicates import record_duplicate_lead
from leadops.delivery.effect_on_gone_lead import follow_lead, look_for_lead, remove_survivor, wait_for_lead
from leadops.delivery.effect_try import EffectTry
from leadops.delivery.outbox import Effect, OutboxState
from leadops.delivery.presence import unalign_lead
from leadops.delivery.push_report import PushReport
from leadops.delivery.take_over_effect import NO_KEYS, settle_without_call
from leadops.products.product import RowResult, RowState
from leadops.products.product_client import ProductClient

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
        result = look_for_lead(attempt, result)
        followed += PushReport(calls=1)
        if operation.removes_lead and result.state is RowState.GONE:
            outcome, result = remove_survivor(attempt, outcome, result)
    if target != "ma" and result.state is RowState.GONE:
        result = follow_lead(attempt, result)
        if result.state is RowState.GONE:
            return followed + PushReport(calls=1)
    return followed + _settle(attempt, outcome, result, is_unexplained=is_unexplained)


def _settle(
    attempt: EffectTry, outcome: Outcome, result: RowResult, *, is_unexplained: Callable[[], bool]
) -> PushReport:
    """Settle an effect by what its last call came to."""
    connection, effect, target, now = attempt.connection, attempt.effect, attempt.target, attempt.now
    if result.state is RowState.GONE:
        return wait_for_lead(attempt, result)
    if result.state is RowState.DUPLICATE and attempt.operation.corrects_score and effect.lead_id is not None:
        # No answer ever said that it took effect: the lead's total says it.
        unalign_lead(connection, target=target, lead_id=effect.lead_id, reason="duplicate", now=now)
        if is_unexplained():
            record_duplicate_lead(connection, effect.lead_id, target=target, now=now)
    if result.state in (RowState.DONE, RowState.DUPLICATE):
        attempt.save_id(result)
        answer = Jsonb(outcome.body) if isinstance(outcome, Answered) else None
        attempt.close(OutboxState.DONE, answer=answer)
        return PushReport(calls=1, effects=1)
    error = str(result.reason)
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
