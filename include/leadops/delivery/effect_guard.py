"""Asks what stands in the way of an effect, at the moment at which its call would be made.

Between the wish and the call an outage may lie. Whoever enqueued an effect knows what has happened since.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection
from leadops.delivery.outbox import OutboxState, close_effect
from leadops.queries import Queries

queries = Queries(__file__, topic="claim_calls")


@dataclass(frozen=True)
class WaitingEffect:
    """An effect whose call is about to be made; nothing of it has arrived. `payload` are its values."""

    outbox_id: int
    operation: str
    lead_id: int | None
    idempotency_key: str
    payload: dict[str, Any]
    created_at: datetime


#: Returns the reason of each effect, by its outbox_id, that must not go out (any more).
FindObstacles = Callable[[Connection, Sequence[WaitingEffect], datetime], Mapping[int, str]]


@dataclass(frozen=True)
class EffectGuard:
    """What is asked before an operation goes out to a target.

    `find_obstacles(connection, effects, now)` runs in the transaction that claims the effects, whose rows are
    locked; its room may write rows of its own there. An effect that it names is dropped with the reason.
    """

    target: str
    operation: str
    find_obstacles: FindObstacles


def drop_obstructed(
    connection: Connection,
    guards: Sequence[EffectGuard],
    *,
    target: str,
    effects: Mapping[int, str],
    now: datetime,
) -> Collection[int]:
    """Drop those of the locked `effects` (operation by outbox_id) that a guard objects to; return which.

    The caller names only effects that certainly have not arrived.
    """
    asked = [guard for guard in guards if guard.target == target and guard.operation in effects.values()]
    if not asked:
        return ()
    waiting = defaultdict[str, list[WaitingEffect]](list)
    for effect in queries.all(connection, "read_waiting", WaitingEffect, outbox_ids=list(effects)):
        waiting[effect.operation].append(effect)
    dropped = set[int]()
    for guard in asked:
        left = [effect for effect in waiting[guard.operation] if effect.outbox_id not in dropped]
        obstacles = guard.find_obstacles(connection, left, now) if left else {}
        for effect in left:
            if (reason := obstacles.get(effect.outbox_id)) is not None:
                close_effect(
                    connection, effect.outbox_id, state=OutboxState.DROPPED, error=reason, now=now, tries=0
                )
                dropped.add(effect.outbox_id)
    return dropped
