"""Claims calls: the product makes each one, and it is stored before it is sent, then stays byte for byte.

A process that is killed after the commit leaves a call that another one sends under the same key. One that
is killed before it leaves nothing that was sent. From the claim on (`first_sent_at`) the call may have
arrived; a round gives back what it claimed and did not send, or what had no effect by its answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.delivery.batches import decode_rows, list_blocked_rows, take_back_call
from leadops.delivery.build_batches import hold_deltas
from leadops.delivery.dead_letters import bury_effect
from leadops.delivery.due_calls import TAKEOVER_PAUSE, limit_new, lock_due
from leadops.delivery.effect_guard import EffectGuard, drop_obstructed
from leadops.delivery.operations import (
    find_operation,
    operations_following,
    operations_spaced,
    operations_upserting,
    operations_with_id,
)
from leadops.delivery.outbox import OutboxState, close_effect, rests
from leadops.delivery.slices import ALL_LEADS, LeadSlice
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.products.product import Product
from leadops.products.product_rows import Call, EffectRow, NothingToSendError, UnsupportedCallError
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class _MarkedEffect:
    """An effect that is to be sent, and the target's id of its lead where the operation needs it."""

    outbox_id: int
    operation: str
    lead_id: int | None
    idempotency_key: str
    payload: dict[str, Any]
    external_id: str | None


@dataclass(frozen=True)
class _ClaimableEffect:
    """An effect with a stored call; unclaimed, it certainly had no effect."""

    outbox_id: int
    operation: str
    is_claimed: bool


@dataclass(frozen=True)
class _ClaimableBatch:
    """A batch that is due; one that is claimed comes without its rows."""

    batch_id: int
    nonce: str
    rows: str | None
    has_call: bool


def claim_effects(
    connection: Connection,
    *,
    product: Product,
    target: str,
    lane: Lane,
    limit: int,
    now: datetime,
    guards: Sequence[EffectGuard] = (),
) -> int:
    """Store the calls of pending effects, as many as a round of `limit` calls sends; return how many wait.

    `guards` are asked about each effect that certainly has not arrived, before its call is made and again
    whenever it is claimed.

    Commits. What a round claims and does not send would look like the call of a process that was killed. An
    effect that the product has no call for becomes a dead letter, or is dropped where a product may go
    without; one that holds nothing for the product is done.
    """
    most_new = limit_new(limit)
    with connection.transaction():
        idle = int(
            queries.value(
                connection,
                "count_idle_effects",
                target=target,
                lane=lane,
                claimed_before=now - TAKEOVER_PAUSE if rests(product) else None,
                max_rows=most_new,
            )
        )
        if idle >= most_new:
            _claim_released(connection, guards, target=target, lane=lane, limit=limit, now=now)
            return idle
        calls = list[dict[str, Any]]()
        upserting = operations_upserting(target)
        if upserting:
            # In whichever lanes: of two that mark at once, neither would see that the other has the lead.
            hold_lock(connection, Lock.UPSERTS)
        # What holds nothing for the product is done here, and makes room for the next.
        while len(calls) < most_new - idle and (
            marked := queries.all(
                connection,
                "mark_sending",
                _MarkedEffect,
                target=target,
                lane=lane,
                with_id=operations_with_id(target),
                following=operations_following(target),
                upserting=upserting,
                repeat_pause=product.repeat_pause,
                spaced=operations_spaced(target),
                spacing=product.enrolment_spacing,
                max_rows=most_new - idle - len(calls),
                now=now,
            )
        ):
            operations = {effect.outbox_id: effect.operation for effect in marked}
            dropped = drop_obstructed(connection, guards, target=target, effects=operations, now=now)
            for effect in marked:
                if effect.outbox_id in dropped:
                    continue
                call = _make_call(connection, product, effect, target=target, now=now)
                if call is not None:
                    stored = _store(call) | {"outbox_id": effect.outbox_id}
                    stored["request"] = Jsonb(call.head() | {"external_id": effect.external_id})
                    calls.append(stored)
        if calls:
            queries.run_many(connection, "store_effect_call", calls)
        _claim_released(connection, guards, target=target, lane=lane, limit=limit, now=now)
    return idle + len(calls)


def _make_call(
    connection: Connection, product: Product, effect: _MarkedEffect, *, target: str, now: datetime
) -> Call | None:
    """Return the call of an effect; settle one that the product has no call for, or that holds nothing."""
    row = EffectRow(
        target,
        effect.operation,
        effect.lead_id,
        effect.external_id,
        effect.payload,
        effect.idempotency_key,
    )
    try:
        return product.make_effect_call(row)
    except NothingToSendError as error:
        close_effect(connection, effect.outbox_id, state=OutboxState.DONE, error=str(error), now=now)
    except UnsupportedCallError as error:
        if find_operation(target, effect.operation).is_optional:
            close_effect(connection, effect.outbox_id, state=OutboxState.DROPPED, error=str(error), now=now)
        else:
            reason = str(error)
            bury_effect(connection, effect.outbox_id, effect.lead_id, target=target, reason=reason, now=now)
    return None


def claim_batches(
    connection: Connection,
    *,
    product: Product,
    target: str,
    lane: Lane,
    limit: int,
    now: datetime,
    leads: LeadSlice = ALL_LEADS,
) -> int:
    """Claim up to `limit` due batches of a slice, those that `lock_due_batches` locks next; commits.

    Return how many new calls these are. The product makes the calls of those that have none. Rows whose lead
    is in an earlier call that failed are held: they go out after it.
    """

    def lock(is_retry: bool, max_rows: int) -> list[_ClaimableBatch]:
        return queries.all(
            connection,
            "lock_claimable_batches",
            _ClaimableBatch,
            target=target,
            lane=lane,
            slice=leads.number,
            slices=leads.slices,
            is_retry=is_retry,
            max_rows=max_rows,
            now=now,
        )

    with connection.transaction():
        batches = lock_due(lock, limit=limit)
        unclaimed = {batch.batch_id: batch for batch in batches if batch.rows is not None}
        if unclaimed:
            _hold_blocked(connection, unclaimed, target=target, lane=lane, now=now)
        calls = [
            _store(product.make_score_call(decode_rows(batch.rows, nonce=batch.nonce)))
            | {"batch_id": batch.batch_id}
            for batch in unclaimed.values()
            if batch.rows is not None and not batch.has_call
        ]
        if calls:
            queries.run_many(connection, "store_batch_call", calls)
        if unclaimed:
            queries.run(connection, "claim_batches", batch_ids=list(unclaimed), now=now)
    return len(calls)


def _hold_blocked(
    connection: Connection,
    unclaimed: dict[int, _ClaimableBatch],
    *,
    target: str,
    lane: Lane,
    now: datetime,
) -> None:
    """Hold the rows that wait for an earlier call that failed; of `unclaimed` what is left stays."""
    for batch_id, blocked in list_blocked_rows(connection, list(unclaimed), target=target, lane=lane).items():
        batch = unclaimed.pop(batch_id)
        kept = [row for row in decode_rows(str(batch.rows), nonce=batch.nonce) if row.seq not in blocked]
        hold_deltas(connection, sorted(blocked), target=target)
        left = take_back_call(connection, batch_id, kept, now=now)
        if left is not None:
            unclaimed[batch_id] = replace(batch, rows=left, has_call=False)


def _claim_released(
    connection: Connection,
    guards: Sequence[EffectGuard],
    *,
    target: str,
    lane: Lane,
    limit: int,
    now: datetime,
) -> None:
    """Claim again the effects with a stored call that certainly had no effect, if the round sends them."""

    def lock(is_retry: bool, max_rows: int) -> list[_ClaimableEffect]:
        return queries.all(
            connection,
            "lock_claimable_effects",
            _ClaimableEffect,
            target=target,
            lane=lane,
            is_retry=is_retry,
            max_rows=max_rows,
            now=now,
        )

    unclaimed = {
        effect.outbox_id: effect.operation for effect in lock_due(lock, limit=limit) if not effect.is_claimed
    }
    dropped = drop_obstructed(connection, guards, target=target, effects=unclaimed, now=now)
    if claimed := [outbox_id for outbox_id in unclaimed if outbox_id not in dropped]:
        queries.run(connection, "claim_effects", outbox_ids=claimed, now=now)


def _store(call: Call) -> dict[str, Any]:
    return {"request": Jsonb(call.head()), "body": call.body}
