"""Begins with another account of a target: nothing that the former one gave means anything there."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.delivery.account_guard import AccountRecord, accept_account
from leadops.delivery.build_batches import hold_deltas
from leadops.delivery.dead_letters import bury_effect
from leadops.delivery.operations import OPERATIONS, operations_with_id
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.new_leads import announce_leads
from leadops.lanes import Lane
from leadops.locks import Lock, hold_named_lock
from leadops.queries import Queries

queries = Queries(__file__, topic="accounts")

#: Why an effect is not sent any more.
FORMER = "it was for the former account"


@dataclass(frozen=True)
class BeginResult:
    """Leads whose ids are forgotten, those made again, effects dropped, and erasures for a person."""

    forgotten: int
    made_again: int
    dropped: int
    erasures: int


@dataclass(frozen=True)
class _OpenErasure:
    """An erasure that the former account did not confirm."""

    outbox_id: int
    lead_id: int | None


def begin_account(
    connection: Connection, record: AccountRecord, *, identity: IdentitySettings, now: datetime
) -> BeginResult:
    """Put the other account of `record` on record, without ids, in the caller's transaction.

    Waits for calls under way. Changes of scores that are in open calls wait for their leads. In the MA each
    lead that had an id is made again in the backfill lane, and its total aligned; in the CRM leads come as
    MQLs do. An erasure that is still open becomes a dead letter: the former account has to be asked by hand.
    """
    target = record.target
    hold_named_lock(connection, Lock.ACCOUNTS, target)
    hold_deltas(connection, queries.values(connection, "list_open_seqs", target=target), target=target)
    queries.run(connection, "drop_batches", target=target, error=FORMER, now=now)
    erasures = queries.all(connection, "list_erasures", _OpenErasure, target=target)
    for erasure in erasures:
        reason = f"not erased in the former account, {record.name}: erase the lead there, then drop this"
        bury_effect(connection, erasure.outbox_id, erasure.lead_id, target=target, reason=reason, now=now)
    made = _make_again(connection, identity=identity, now=now) if target == "ma" else []
    forgotten = queries.run(connection, "forget_ids", target=target, made=made) + len(made)
    corrections = [
        name
        for (system, name), operation in OPERATIONS.items()
        if system == target and operation.corrects_score
    ]
    dropped = queries.run(
        connection,
        "drop_effects",
        target=target,
        corrections=corrections,
        with_id=operations_with_id(target),
        error=FORMER,
        now=now,
    )
    queries.run(connection, "restart_effects", target=target)
    queries.run(connection, "forget_totals", target=target)
    queries.run(connection, "forget_found", target=target)
    # In this order, as whoever takes permits: else two could wait for each other.
    queries.run(connection, "end_pause", target=target)
    queries.run(connection, "forget_quota", target=target)
    accept_account(connection, record, now=now)
    return BeginResult(forgotten, len(made), dropped, len(erasures))


def _make_again(connection: Connection, *, identity: IdentitySettings, now: datetime) -> list[int]:
    """Ask for the leads that have an id in the MA once more; return them. Until then they have none."""
    lead_ids = queries.values(connection, "mark_recreating", now=now)
    if lead_ids:
        nonce = queries.value(connection, "draw_nonce")
        announce_leads(
            connection,
            lead_ids,
            first_name=identity.first_name,
            last_name=identity.last_name,
            lane=Lane.BACKFILL,
            now=now,
            suffix=f"-anew-{nonce}",
        )
    return lead_ids
