"""The outbox: one row for each effect in another system, and its life from enqueued to settled."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.delivery.due_calls import TAKEOVER_PAUSE, lock_due
from leadops.lanes import Lane
from leadops.products.product import Product
from leadops.products.product_rows import Call, EffectRow
from leadops.queries import Queries

queries = Queries(__file__, topic="calls")


class OutboxState(StrEnum):
    """The state of an effect.

    ::

        (enqueued) ──▶ pending ──marked──▶ sending ──answered──▶ done
                        │   ▲               │ ▲ │
                        │   │               └─┘ └──refused, or──▶ dead
                        │   │       unknown outcome:  key forgotten │
                        │   └────────────retried by a person────────┤
                        └──discarded with its lead──▶ dropped ◀─────┘ discarded by a person

    An effect on a lead that is gone goes back to pending and waits for the lead; a correction is dropped.
    With the mark the product makes the call, and it is stored: see `claim_calls`. A sending effect may have
    been sent since `first_sent_at`: without a lock on its row, its outcome is unknown, and the same call is
    sent again under the same key. One that certainly had no effect is released, and claimed again before it
    is sent. Dead effects have a row in delivery.dead_letters.
    """

    PENDING = "pending"
    SENDING = "sending"
    DONE = "done"
    DEAD = "dead"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Effect:
    """A locked effect: the row stays locked by this transaction until the effect is settled.

    `payload` are its values; `request` and `body` are the call as it was stored. `first_sent_at`: the claim
    before the first call that may have arrived; `may_have_arrived`: an earlier outcome is unknown.
    `gone_answers`: how often the target said that the lead is gone, while the feed may tell where it went.
    """

    outbox_id: int
    operation: str
    lead_id: int | None
    idempotency_key: str
    payload: dict[str, Any]
    request: dict[str, Any]
    body: str
    attempts: int
    first_sent_at: datetime
    may_have_arrived: bool = False
    gone_answers: int = 0

    @property
    def call(self) -> Call:
        """The call as it was stored before it was sent first."""
        return Call.restore(self.request, self.body)

    def describe(self, target: str) -> EffectRow:
        """Return the effect in words of ours; its lead's id is that of the stored call."""
        external_id = self.request.get("external_id")
        return EffectRow(
            target, self.operation, self.lead_id, external_id, self.payload, self.idempotency_key
        )


def rests(product: Product) -> bool:
    """Whether what another process may have sent waits, so that who claimed an effect has to send it."""
    return bool(product.repeat_pause) or product.has_change_log


def make_nonce() -> str:
    """Return what makes a key unique in another system for good, whatever backup is restored."""
    return secrets.token_hex(6)


def enqueue_effect(
    connection: Connection,
    *,
    target: str,
    operation: str,
    payload: dict[str, Any],
    idempotency_key: str,
    lead_id: int | None,
    now: datetime,
    lane: Lane = Lane.LIVE,
) -> None:
    """Add one effect to delivery.outbox, once per `idempotency_key`, in the caller's transaction."""
    queries.run(
        connection,
        "insert_effect",
        target=target,
        operation=operation,
        payload=Jsonb(payload),
        idempotency_key=idempotency_key,
        lead_id=lead_id,
        created_at=now,
        lane=lane,
    )


def lock_due_effects(
    connection: Connection,
    *,
    target: str,
    lane: Lane,
    limit: int,
    now: datetime,
    claimed_at: datetime | None = None,
) -> list[Effect]:
    """Lock up to `limit` due effects that no other process holds, until the caller's transaction ends.

    With `claimed_at` new effects that another process claimed within TAKEOVER_PAUSE are left to it: only what
    was claimed then was surely not sent.
    """

    def lock(is_retry: bool, max_rows: int) -> list[Effect]:
        return queries.all(
            connection,
            "lock_due_effects",
            Effect,
            target=target,
            lane=lane,
            is_retry=is_retry,
            max_rows=max_rows,
            claimed_at=claimed_at,
            claimed_before=now - TAKEOVER_PAUSE,
            now=now,
        )

    return lock_due(lock, limit=limit)


def close_effect(
    connection: Connection,
    outbox_id: int,
    *,
    state: OutboxState,
    now: datetime,
    answer: Jsonb | None = None,
    error: str | None = None,
    not_before: datetime | None = None,
    may_have_arrived: bool = False,
    is_gone: bool = False,
    tries: int = 1,
) -> None:
    """Record one more attempt and the state in which it leaves the effect; `answer` is the body received.

    `tries` is 0 where no call was made.

    `may_have_arrived`, once set, stays, until the effect gets another call. `is_gone` counts one more answer
    that the lead is gone.
    """
    queries.run(
        connection,
        "close_effect",
        outbox_id=outbox_id,
        state=state,
        answer=answer,
        error=error,
        not_before=not_before,
        may_have_arrived=may_have_arrived,
        is_gone=is_gone,
        tries=tries,
        now=now,
    )


def drop_pending(connection: Connection, keys: Sequence[str], *, reason: str, now: datetime) -> list[str]:
    """Drop effects that nobody has begun to send, in the caller's transaction; return their keys.

    `keys` are the idempotency_keys under which they were enqueued. What another process holds stays.
    """
    return queries.values(connection, "drop_pending", keys=list(keys), reason=reason, now=now)


def release_effects(connection: Connection, effects: Sequence[Effect]) -> None:
    """Give back locked effects that this round claimed first, in the caller's transaction.

    Those that had an answer of unknown effect, and those that are settled, stay as they are.
    """
    queries.run(connection, "release_effects", outbox_ids=[effect.outbox_id for effect in effects])


def find_next_effect_retry(connection: Connection, *, target: str) -> datetime | None:
    """Return when the next failed effect that no process holds is due again, or None without one."""
    due: datetime | None = queries.value(connection, "find_next_effect_retry", target=target)
    return due
