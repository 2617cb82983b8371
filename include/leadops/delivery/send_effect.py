"""Sends one effect of the outbox under its key, and settles it by the answer."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import orjson
from psycopg.types.json import Jsonb

from leadops.clients.answer_shapes import DeltaResult, read_delta_results
from leadops.clients.answer_values import read_id
from leadops.clients.lead_absence import LeadAbsence, read_ma_id
from leadops.clients.transport import Answered, Outcome, Refused, Transport, Unknown
from leadops.db import Connection
from leadops.delivery.adopt_crm_leads import take_found_lead
from leadops.delivery.backoff import report_failed_call, schedule_retry
from leadops.delivery.dead_letters import dead_letter_effect
from leadops.delivery.delivery_settings import TRUSTED_MEMORY, DeliverySettings
from leadops.delivery.duplicates import record_duplicate_lead
from leadops.delivery.external_ids import find_external_id, save_external_id
from leadops.delivery.operations import Operation, find_operation
from leadops.delivery.outbox import Effect, OutboxState, close_effect
from leadops.delivery.presence import record_absence, unalign_lead
from leadops.delivery.push_report import PushReport
from leadops.mask import SentValues, mask_text

#: As when a target that remembers a key from before a restored backup repeats the answer of that time.
ANOTHER_LEAD = "the answer names another lead than the call: look there, then retry or drop"
#: The record of a creation that is not asked for: the target has had the lead since the database went back.
FOUND = "the target has this lead already"
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
    is_unexplained: Callable[[], bool] = lambda: False,
) -> PushReport:
    """Send one locked effect and settle it, in the caller's transaction.

    An effect of unknown outcome is sent again under its key. Once the target may have forgotten the key, an
    effect whose repetition may do harm becomes a dead letter for a person to decide; so does one that is
    still in conflict (409) after TRUSTED_MEMORY. `is_unexplained` says whether a duplicate in the answer is
    one that nothing on record explains.
    """
    operation = find_operation(target, effect.operation)
    is_key_forgotten = now - effect.first_sent_at > settings.targets[target].key_memory
    if is_key_forgotten and not operation.repeatable:
        return PushReport(dead=1, problem=_bury(connection, effect, KEY_FORGOTTEN, target=target, now=now))
    if operation.is_creation and _take_found(connection, effect, target=target, now=now):
        return PushReport(effects=1)
    path = _fill_path(connection, effect, operation, target=target)
    outcome = transport.send(operation.method, path, body=effect.body.encode(), key=effect.idempotency_key)
    if operation.removes_lead and _is_removed(outcome):
        close_effect(connection, effect, state=OutboxState.DONE, now=now)
        return PushReport(calls=1, effects=1)
    if lost := _wait_for_lead(connection, effect, operation, outcome, target=target, now=now):
        return lost
    if rejection := parse_rejection(operation, effect, outcome):
        return PushReport(
            calls=1, dead=1, problem=_bury(connection, effect, rejection, target=target, now=now)
        )
    error = (
        _read_answer(connection, effect, operation, outcome, is_unexplained, target=target, now=now)
        if isinstance(outcome, Answered)
        else outcome.reason
    )
    if isinstance(outcome, Answered) and not error:
        close_effect(connection, effect, state=OutboxState.DONE, answer=Jsonb(outcome.body), now=now)
        return PushReport(calls=1, effects=1)
    is_refused = isinstance(outcome, Refused) and not outcome.concerns_caller
    if is_refused or _is_lasting_conflict(outcome, effect, now):
        reason = _bury(connection, effect, error, target=target, now=now)
        return PushReport(calls=1, dead=1, problem=reason)
    not_before = schedule_retry(
        connection, outcome, target=target, attempts=effect.attempts + 1, settings=settings, now=now
    )
    close_effect(connection, effect, state=OutboxState.SENDING, error=error, not_before=not_before, now=now)
    return report_failed_call(outcome, error, attempts=effect.attempts)


def _take_found(connection: Connection, effect: Effect, *, target: str, now: datetime) -> bool:
    """Settle a creation by a lead that the target turned out to have after the database went back, if any."""
    address = orjson.loads(effect.body).get("email")
    if effect.lead_id is None or not isinstance(address, str):
        return False
    found = take_found_lead(connection, target=target, address=address, now=now)
    if found is None:
        return False
    save_external_id(connection, target=target, lead_id=effect.lead_id, external_id=found, now=now)
    close_effect(connection, effect, state=OutboxState.DONE, error=FOUND, now=now)
    return True


def _is_removed(outcome: Outcome) -> bool:
    """Whether the target has no such lead, by its word or by its status."""
    return isinstance(outcome, Refused) and (outcome.absence is not None or outcome.status in (404, 410))


def parse_rejection(operation: Operation, effect: Effect, outcome: Outcome) -> str | None:
    """Return why a 2xx answer means that the effect did not take place, or None."""
    if not isinstance(outcome, Answered):
        return None
    if operation.answer_id and _names_another_lead(effect, outcome.body):
        return ANOTHER_LEAD
    if not operation.may_reject:
        return None
    for result in _read_results(effect, outcome).values():
        if result.status == "rejected":
            error = str(result.error or "rejected by the target")
            return mask_text(error, longest=200, sent=SentValues(effect.body))
    return None


def _names_another_lead(effect: Effect, body: object) -> bool:
    """Whether an answer names whom it is about, and neither address nor our own id is that of the call."""
    if not isinstance(body, dict):
        return False
    sent = orjson.loads(effect.body)
    named = [name for name in ("email", "externalId") if body.get(name) and sent.get(name)]
    return bool(named) and all(str(body[name]).casefold() != str(sent[name]).casefold() for name in named)


def _read_results(effect: Effect, outcome: Answered) -> dict[str, DeltaResult]:
    return read_delta_results(outcome.body, [orjson.loads(effect.body)["deltaId"]])


def find_lost_lead(
    operation: Operation, effect: Effect, outcome: Outcome, *, external_id: str | None
) -> tuple[str, LeadAbsence] | None:
    """Return the target's id of the lead that is gone, and why, if the outcome says so.

    `external_id` is the id in the route; a correction names the lead in its body.
    """
    absence = outcome.absence if isinstance(outcome, Refused) else None
    if operation.may_reject:
        if isinstance(outcome, Answered):
            absence = next((row.absence for row in _read_results(effect, outcome).values()), None)
        external_id = read_ma_id(orjson.loads(effect.body).get("leadId"))
    return None if absence is None or external_id is None else (external_id, absence)


def _wait_for_lead(
    connection: Connection,
    effect: Effect,
    operation: Operation,
    outcome: Outcome,
    *,
    target: str,
    now: datetime,
) -> PushReport | None:
    """Let an effect on a lead that is gone wait for it; a correction is dropped. None if it is not gone."""
    if not (operation.needs_id or operation.may_reject) or target != "ma":
        return None
    external_id = find_external_id(connection, target=target, lead_id=effect.lead_id)
    lost = find_lost_lead(operation, effect, outcome, external_id=external_id)
    if lost is None:
        return None
    record_absence(connection, target=target, external_id=lost[0], absence=lost[1], now=now)
    # When the lead is there again, its total is compared: that replaces the correction.
    state = OutboxState.DROPPED if operation.may_reject else OutboxState.PENDING
    close_effect(connection, effect, state=state, error=f"the lead is {lost[1].word} in the MA", now=now)
    return PushReport(calls=1)


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


def _is_lasting_conflict(outcome: Outcome, effect: Effect, now: datetime) -> bool:
    """Whether a 409 cannot mean any more that an earlier try of the effect is in progress."""
    is_in_conflict = isinstance(outcome, Unknown) and outcome.is_in_conflict
    return is_in_conflict and now - effect.first_sent_at > TRUSTED_MEMORY


def _read_answer(
    connection: Connection,
    effect: Effect,
    operation: Operation,
    outcome: Answered,
    is_unexplained: Callable[[], bool],
    *,
    target: str,
    now: datetime,
) -> str:
    """Save the id that the target gave to the lead; return what the answer lacks, or an empty text."""
    if operation.may_reject:
        results = _read_results(effect, outcome)
        if effect.lead_id is not None and any(result.status == "duplicate" for result in results.values()):
            # No answer ever said that it took effect: the lead's total says it.
            unalign_lead(connection, target=target, lead_id=effect.lead_id, reason="duplicate", now=now)
            if is_unexplained():
                record_duplicate_lead(connection, effect.lead_id, target=target, now=now)
        return "" if results else "the answer does not name the delta"
    if operation.answer_id is None or effect.lead_id is None:
        return ""
    value = outcome.body.get(operation.answer_id) if isinstance(outcome.body, dict) else None
    external_id = read_id(value)
    if external_id is None or (operation.has_integer_id and not isinstance(value, int)):
        return "the answer has no id"
    save_external_id(connection, target=target, lead_id=effect.lead_id, external_id=external_id, now=now)
    return ""
