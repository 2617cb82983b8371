"""Claims calls: the product makes each one, and it is stored before it is sent, then stays byte for byte.

A process that is killed after the commit leaves a call that another one sends under the same key. One that
is killed before it leaves nothing that was sent.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.delivery.batches import decode_rows
from leadops.delivery.dead_letters import bury_effect
from leadops.delivery.operations import operations_with_id
from leadops.lanes import Lane
from leadops.products.product import Call, EffectRow, Product, UnsupportedCallError
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class _MarkedEffect:
    """An effect that is to be sent, and the target's id of its lead where the operation needs it."""

    outbox_id: int
    operation: str
    lead_id: int | None
    payload: dict[str, Any]
    external_id: str | None


@dataclass(frozen=True)
class _UnclaimedBatch:
    """A batch without a call."""

    batch_id: int
    nonce: str
    rows: str


def claim_effects(
    connection: Connection, *, product: Product, target: str, lane: Lane, limit: int, now: datetime
) -> int:
    """Store the calls of pending effects, so that up to `limit` wait for a process; return how many do.

    Commits. An effect that the product has no call for becomes a dead letter.
    """
    with connection.transaction():
        idle = int(queries.value(connection, "count_idle_effects", target=target, lane=lane, max_rows=limit))
        if idle >= limit:
            return idle
        marked = queries.all(
            connection,
            "mark_sending",
            _MarkedEffect,
            target=target,
            lane=lane,
            with_id=operations_with_id(target),
            max_rows=limit - idle,
            now=now,
        )
        calls = []
        for effect in marked:
            row = EffectRow(target, effect.operation, effect.lead_id, effect.external_id, effect.payload)
            try:
                call = product.make_effect_call(row)
            except UnsupportedCallError as error:
                bury_effect(
                    connection, effect.outbox_id, effect.lead_id, target=target, reason=str(error), now=now
                )
            else:
                stored = _store(call) | {"outbox_id": effect.outbox_id}
                stored["request"] = Jsonb(call.head() | {"external_id": effect.external_id})
                calls.append(stored)
        if calls:
            queries.run_many(connection, "store_effect_call", calls)
    return idle + len(calls)


def claim_batches(
    connection: Connection, *, product: Product, target: str, lane: Lane, limit: int, now: datetime
) -> None:
    """Store the calls of up to `limit` due batches that have none; commits."""
    with connection.transaction():
        batches = queries.all(
            connection,
            "lock_unclaimed_batches",
            _UnclaimedBatch,
            target=target,
            lane=lane,
            max_rows=limit,
            now=now,
        )
        calls = [
            _store(product.make_score_call(decode_rows(batch.rows, nonce=batch.nonce)))
            | {"batch_id": batch.batch_id}
            for batch in batches
        ]
        if calls:
            queries.run_many(connection, "store_batch_call", calls)


def _store(call: Call) -> dict[str, Any]:
    return {"request": Jsonb(call.head()), "body": call.body}
