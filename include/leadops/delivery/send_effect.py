"""Sends the effects of the outbox one by one: claimed by row lock, sent under their key, settled."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from psycopg.types.json import Jsonb

from leadops.clients.transport import Answered, Outcome, Refused, Transport
from leadops.db import Connection, load_sql
from leadops.delivery.backoff import failed_call, wait_after
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.due_calls import claim
from leadops.delivery.operations import Operation, find_operation, operations_with_id
from leadops.delivery.push_report import PushReport
from leadops.mask import mask_text

FORGOTTEN = "the outcome is unknown and the target may have forgotten the key: look there, then retry or drop"


@dataclass(frozen=True)
class Effect:
    """A claimed effect: its row is locked by our transaction until it is settled."""

    outbox_id: int
    operation: str
    lead_id: int | None
    key: str
    body: str
    attempts: int
    first_sent_at: datetime


def prepare_effects(connection: Connection, *, target: str, lane: int, limit: int, now: datetime) -> None:
    """Mark new effects as sent, so that with the idle ones there are up to `limit`; commits."""
    values = {"target": target, "lane": lane, "most": limit, "now": now}
    with connection.transaction():
        found = connection.execute(load_sql("leadops.delivery", "count_idle_effects"), values).fetchone()
        idle = int(found[0]) if found else 0
        if idle < limit:
            values |= {"most": limit - idle, "with_id": operations_with_id(target)}
            connection.execute(load_sql("leadops.delivery", "mark_effects"), values)


def claim_effects(
    connection: Connection, *, target: str, lane: int, limit: int, now: datetime
) -> list[Effect]:
    """Lock up to `limit` due effects that nobody else has, until the caller's transaction ends."""
    rows = claim(connection, "claim_effects", {"target": target, "lane": lane, "now": now}, limit=limit)
    return [Effect(*row) for row in rows]


def send_effect(
    connection: Connection,
    transport: Transport,
    effect: Effect,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Send one claimed effect and settle it, in the caller's transaction.

    An effect of unknown outcome is sent again under its key; once the target may have forgotten the key, and
    a repeat is not harmless by itself, it becomes a dead letter for a person to judge.
    """
    operation = find_operation(target, effect.operation)
    expired = now - effect.first_sent_at > settings.targets[target].key_memory
    if expired and not operation.repeatable:
        _settle(connection, effect, state="dead", target=target, error=FORGOTTEN, now=now)
        return PushReport(dead=1, problem=FORGOTTEN)
    path = _fill_path(connection, effect, operation, target)
    outcome = transport.send(operation.method, path, body=effect.body.encode(), key=effect.key)
    if refusal := _read_refusal(operation, outcome):
        _settle(connection, effect, state="dead", target=target, error=refusal, now=now)
        return PushReport(calls=1, dead=1, problem=refusal)
    if isinstance(outcome, Answered) and _learn_id(connection, effect, operation, outcome, target, now):
        _settle(connection, effect, state="done", target=target, answer=outcome, now=now)
        return PushReport(calls=1, effects=1)
    if isinstance(outcome, Refused) and not outcome.concerns_caller:
        _settle(connection, effect, state="dead", target=target, error=outcome.reason, now=now)
        return PushReport(calls=1, dead=1, problem=outcome.reason)
    error = "the answer names no id" if isinstance(outcome, Answered) else outcome.reason
    not_before = wait_after(
        connection, outcome, target=target, attempts=effect.attempts + 1, settings=settings, now=now
    )
    _settle(connection, effect, state="sending", target=target, error=error, not_before=not_before, now=now)
    return failed_call(outcome, error, attempts=effect.attempts)


def _read_refusal(operation: Operation, outcome: Outcome) -> str | None:
    """Return why a good answer means that the effect did not take place, or None."""
    if not (operation.may_reject and isinstance(outcome, Answered) and isinstance(outcome.body, dict)):
        return None
    if outcome.body.get("status") != "rejected":
        return None
    return mask_text(str(outcome.body.get("error") or "rejected by the target"), longest=200)


def _fill_path(connection: Connection, effect: Effect, operation: Operation, target: str) -> str:
    """Return the route with the id that the target gave to the lead."""
    if not operation.needs_id:
        return operation.path
    row = connection.execute(
        "select external_id from delivery.external_ids where target = %s and lead_id = %s",
        [target, effect.lead_id],
    ).fetchone()
    # It was known when the effect was marked. Should it be gone since, the target's 404 says so on record.
    return operation.path.format(external_id=quote(row[0] if row else "gone", safe=""))


def _learn_id(
    connection: Connection,
    effect: Effect,
    operation: Operation,
    outcome: Answered,
    target: str,
    now: datetime,
) -> bool:
    """Keep the id that the target gave to the lead; return False when the answer lacks it."""
    if operation.answer_id is None or effect.lead_id is None:
        return True
    external_id = outcome.body.get(operation.answer_id) if isinstance(outcome.body, dict) else None
    if external_id is None or (target == "ma" and not isinstance(external_id, int)):
        return False
    connection.execute(
        load_sql("leadops.delivery", "upsert_external_id"),
        {"target": target, "lead_id": effect.lead_id, "external_id": str(external_id), "now": now},
    )
    return True


def _settle(
    connection: Connection,
    effect: Effect,
    *,
    state: str,
    target: str,
    now: datetime,
    answer: Outcome | None = None,
    error: str | None = None,
    not_before: datetime | None = None,
) -> None:
    values = {
        "outbox_id": effect.outbox_id,
        "lead_id": effect.lead_id,
        "target": target,
        "state": state,
        "not_before": not_before,
        "answer": Jsonb(answer.body) if isinstance(answer, Answered) else None,
        "error": error,
        "reason": error,
        "now": now,
    }
    connection.execute(load_sql("leadops.delivery", "settle_effect"), values)
    if state == "dead":
        connection.execute(load_sql("leadops.delivery", "insert_dead_effect"), values)
