"""An operation that the credentials do not allow waits by itself: whatever they allow goes on."""

from datetime import timedelta

from leadops.clients.call_outcomes import Outcome, Refused
from leadops.db import Connection
from leadops.delivery.effect_try import EffectTry
from leadops.delivery.outbox import OutboxState, close_effect
from leadops.delivery.push_report import PushReport
from leadops.queries import Queries

queries = Queries(__file__)


def lacks_right(attempt: EffectTry, outcome: Outcome) -> bool:
    """Whether an outcome says that a right is missing which this operation alone needs.

    What else answers 403, such as credentials that were revoked, is met by the other calls too, and they
    pause the target.
    """
    is_forbidden = isinstance(outcome, Refused) and outcome.status == 403 and not outcome.is_setup
    return is_forbidden and attempt.operation.has_own_right


def wait_for_right(attempt: EffectTry, reason: str) -> PushReport:
    """Let the operation wait in all processes, for as long as a target whose credentials are refused.

    The effect waits as if it had never been sent, unless an earlier call of it may have arrived.
    """
    effect = attempt.effect
    if right := attempt.product.rights.get(effect.operation):
        reason = f"leadops' user there needs the right {right} ({reason})"
    until = attempt.now + timedelta(seconds=attempt.settings.credentials_pause_seconds)
    queries.run(
        attempt.connection,
        "note_refusal",
        target=attempt.target,
        operation=effect.operation,
        until=until,
        reason=reason,
        now=attempt.now,
    )
    if effect.may_have_arrived:
        attempt.close(OutboxState.SENDING, error=reason, not_before=until)
    else:
        attempt.close(OutboxState.PENDING, error=reason)
    return PushReport(calls=1, failed=1, problem=reason)


def is_waiting_for_right(attempt: EffectTry) -> bool:
    """Whether the operation waits, so that no call is made; the effect is put back."""
    effect = attempt.effect
    if not attempt.operation.has_own_right or effect.may_have_arrived:
        return False
    reason = queries.value(
        attempt.connection,
        "find_refusal",
        target=attempt.target,
        operation=effect.operation,
        now=attempt.now,
    )
    if reason is None:
        return False
    close_effect(
        attempt.connection,
        effect.outbox_id,
        state=OutboxState.PENDING,
        error=reason,
        now=attempt.now,
        tries=0,
    )
    return True


def note_right(connection: Connection, *, target: str, operation: str) -> None:
    """Forget that an operation was refused: the target took it."""
    queries.run(connection, "forget_refusal", target=target, operation=operation)
