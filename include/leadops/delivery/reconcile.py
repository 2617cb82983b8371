"""Puts scores in the MA right that are not the ledger's, within a limit; the ledger is right and stays."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from leadops.clients.ma import MaClient
from leadops.db import Connection, load_sql
from leadops.delivery.audit import LeadState, Stranger, compare_all, differs, look_again, read_lead
from leadops.delivery.delivery_settings import AuditSettings
from leadops.delivery.outbox import enqueue_effect

#: Held to commit by whoever puts a score right, so that two never do it for the same difference.
HEAL_LOCK = 7_302_015

#: What is healed goes out behind what happens now.
BACKFILL = 1

REASON = "audit: put right by the ledger"

#: Leads that are named; all are counted.
NAMED = 20


@dataclass
class ReconciliationResult:
    """What a comparison found (leads) and did. Beyond a limit it stops looking, and heals nothing."""

    leads: int = 0
    ma_leads: int = 0
    under_way: int = 0
    differing: int = 0  # in the MA it is not the ledger's sum
    gone: int = 0  # the MA has the lead no more
    broken: int = 0  # our own score is not the ledger's sum: nothing that the MA could heal
    healed: int = 0
    unknown: int = 0  # leads of the MA that are not ours
    is_over_limit: bool = False
    left: list[int] = field(default_factory=list)  # lead_ids, the first of those that stay as they are
    strangers: list[Stranger] = field(default_factory=list)


@dataclass(frozen=True)
class _Wrong:
    lead_id: int
    ma_id: str
    state: LeadState
    ma: int


def reconcile_scores(
    connection: Connection,
    client: MaClient,
    *,
    settings: AuditSettings,
    night: date,
    audited_by: str,
    now: datetime,
) -> ReconciliationResult:
    """Compare every lead with the MA, and send the difference where the MA is wrong; commits as it goes.

    Only leads are healed with nothing under way, looked at again right before; each is an effect of the
    outbox with a deltaId of its own, and a row of delivery.heals. At most settings.heal_leads in one `night`
    (local day): where more differ, or more than settings.gone_leads are gone, none is. What was found is
    kept in delivery.audits. Raises TransientError or PermanentError when the MA cannot be read.
    """
    values = {
        "night": night,
        "audited_by": audited_by,
        "now": now,
        "heal_limit": settings.heal_leads,
        "gone_limit": settings.gone_leads,
    }
    with connection.transaction():
        audit_id = _one(connection, "insert_audit", values)[0]
        left_tonight = settings.heal_leads - _one(connection, "count_heals", values)[0]
    found = compare_all(connection, client)
    done = ReconciliationResult(found.leads, found.ma_leads, found.under_way)
    done.unknown, done.strangers = found.unknown, found.strangers
    wrong: list[_Wrong] = []
    for lead_id, ma_id in found.suspects:
        each = _judge(connection, client, lead_id, ma_id, done)
        if each:
            wrong.append(each)
        if done.differing > left_tonight or done.gone > settings.gone_leads or done.broken > NAMED:
            done.is_over_limit = True
            break
    for each in [] if done.is_over_limit else wrong:
        _heal(connection, each, done, audit_id=audit_id, now=now)
    if done.is_over_limit:
        done.left += [each.lead_id for each in wrong]
    with connection.transaction():
        _end(connection, done, audit_id=audit_id, now=now)
    return done


def _judge(
    connection: Connection, client: MaClient, lead_id: int, ma_id: str | None, done: ReconciliationResult
) -> _Wrong | None:
    """Look at one lead again and count it; return it where the MA can be put right."""
    state, ma, is_still = look_again(connection, client, lead_id, ma_id)
    if not differs(state, ma):
        return None
    if state.ledger != state.score:
        done.broken += 1
    elif ma is None or ma_id is None:
        done.gone += 1
    elif not is_still or state.open_rows or state.is_unknown:
        done.under_way += 1  # it moves: the next comparison sees what is left of it
        return None
    else:
        done.differing += 1
        if not state.is_refused and state.sharers == 1:
            return _Wrong(lead_id, ma_id, state, ma)
    done.left.append(lead_id)
    return None


def _heal(
    connection: Connection, wrong: _Wrong, done: ReconciliationResult, *, audit_id: int, now: datetime
) -> None:
    """Want the difference in the MA, unless the lead has moved since the MA's score was read."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [HEAL_LOCK])
        if read_lead(connection, wrong.lead_id) != wrong.state:
            done.differing -= 1
            done.under_way += 1
            return
        values = {
            "audit_id": audit_id,
            "lead_id": wrong.lead_id,
            "external_id": wrong.ma_id,
            "ledger": wrong.state.ledger,
            "ma": wrong.ma,
            "now": now,
        }
        heal_id, installation = _one(connection, "insert_heal", values)
        key = f"ma-heal-{heal_id}"
        enqueue_effect(
            connection,
            target="ma",
            operation="correct_score",
            payload={
                "leadId": int(wrong.ma_id),
                "delta": wrong.state.ledger - wrong.ma,
                "reason": REASON,
                "deltaId": f"{installation}-heal-{heal_id}",
            },
            idempotency_key=key,
            lead_id=wrong.lead_id,
            now=now,
            lane=BACKFILL,
        )
        connection.execute(
            load_sql("leadops.delivery", "name_effect_of_heal"), {"heal_id": heal_id, "idempotency_key": key}
        )
    done.healed += 1


def _end(connection: Connection, done: ReconciliationResult, *, audit_id: int, now: datetime) -> None:
    values = {
        "audit_id": audit_id,
        "now": now,
        "leads": done.leads,
        "ma_leads": done.ma_leads,
        "under_way": done.under_way,
        "differing": done.differing,
        "gone": done.gone,
        "broken": done.broken,
        "unknown": done.unknown,
        "healed": done.healed,
        "lead_ids": done.left[:NAMED],
    }
    connection.execute(load_sql("leadops.delivery", "end_audit"), values)


def _one(connection: Connection, name: str, values: dict[str, Any]) -> tuple[Any, ...]:
    row = connection.execute(load_sql("leadops.delivery", name), values).fetchone()
    assert row is not None  # noqa: S101 - an insert that returns, or an aggregate
    return row
