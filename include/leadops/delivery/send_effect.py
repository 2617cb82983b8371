"""Sends one effect of the outbox under its key, and settles it by the answer."""

from datetime import datetime
from urllib.parse import quote

from psycopg.types.json import Jsonb

from leadops.clients.answer_values import read_id
from leadops.clients.transport import Answered, Outcome, Refused, Transport
from leadops.db import Connection
from leadops.delivery.backoff import report_failed_call, schedule_retry
from leadops.delivery.dead_letters import dead_letter_effect
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.external_ids import find_external_id, save_external_id
from leadops.delivery.operations import Operation, find_operation
from leadops.delivery.outbox import Effect, OutboxState, close_effect
from leadops.delivery.push_report import PushReport
from leadops.mask import mask_text

KEY_FORGOTTEN = (
    "the outcome is unknown and the target may have forgotten the key: look there, then retry or drop"
)


def send_effect(
    connection: Connection,
    transport: Transport,
    effect: Effect,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Send one locked effect and settle it, in the caller's transaction.

    An effect of unknown outcome is sent again under its key. Once the target may have forgotten the key, an
    effect whose repetition may do harm becomes a dead letter for a person to decide.
    """
    operation = find_operation(target, effect.operation)
    is_key_forgotten = now - effect.first_sent_at > settings.targets[target].key_memory
    if is_key_forgotten and not operation.repeatable:
        return PushReport(dead=1, problem=_bury(connection, effect, KEY_FORGOTTEN, target=target, now=now))
    path = _fill_path(connection, effect, operation, target=target)
    outcome = transport.send(operation.method, path, body=effect.body.encode(), key=effect.idempotency_key)
    if rejection := parse_rejection(operation, outcome):
        return PushReport(
            calls=1, dead=1, problem=_bury(connection, effect, rejection, target=target, now=now)
        )
    if isinstance(outcome, Answered) and _save_id(
        connection, effect, operation, outcome, target=target, now=now
    ):
        close_effect(connection, effect, state=OutboxState.DONE, answer=Jsonb(outcome.body), now=now)
        return PushReport(calls=1, effects=1)
    if isinstance(outcome, Refused) and not outcome.concerns_caller:
        reason = _bury(connection, effect, outcome.reason, target=target, now=now)
        return PushReport(calls=1, dead=1, problem=reason)
    error = "the answer has no id" if isinstance(outcome, Answered) else outcome.reason
    not_before = schedule_retry(
        connection, outcome, target=target, attempts=effect.attempts + 1, settings=settings, now=now
    )
    close_effect(connection, effect, state=OutboxState.SENDING, error=error, not_before=not_before, now=now)
    return report_failed_call(outcome, error, attempts=effect.attempts)


def parse_rejection(operation: Operation, outcome: Outcome) -> str | None:
    """Return why a 2xx answer means that the effect did not take place, or None."""
    if not (operation.may_reject and isinstance(outcome, Answered) and isinstance(outcome.body, dict)):
        return None
    if outcome.body.get("status") != "rejected":
        return None
    return mask_text(str(outcome.body.get("error") or "rejected by the target"), longest=200)


def _bury(connection: Connection, effect: Effect, reason: str, *, target: str, now: datetime) -> str:
    """Make the effect a dead letter; return `reason`."""
    close_effect(connection, effect, state=OutboxState.DEAD, error=reason, now=now)
    dead_letter_effect(connection, effect, target=target, reason=reason, now=now)
    return reason


def _fill_path(connection: Connection, effect: Effect, operation: Operation, *, target: str) -> str:
    """Return the route with the id that the target gave to the lead."""
    if not operation.needs_id:
        return operation.path
    external_id = find_external_id(connection, target=target, lead_id=effect.lead_id)
    # The id was known when the effect was marked. If it is missing now, the target's 404 records that.
    return operation.path.format(external_id=quote(external_id or "gone", safe=""))


def _save_id(
    connection: Connection,
    effect: Effect,
    operation: Operation,
    outcome: Answered,
    *,
    target: str,
    now: datetime,
) -> bool:
    """Save the id that the target gave to the lead; return False where the answer lacks it."""
    if operation.answer_id is None or effect.lead_id is None:
        return True
    value = outcome.body.get(operation.answer_id) if isinstance(outcome.body, dict) else None
    external_id = read_id(value)
    if external_id is None or (operation.has_integer_id and not isinstance(value, int)):
        return False
    save_external_id(connection, target=target, lead_id=effect.lead_id, external_id=external_id, now=now)
    return True
