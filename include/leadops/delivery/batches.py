"""Batches of score changes: one bulk call each, with the body and the key stored before it is sent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from leadops.clients.ma import MaClient
from leadops.clients.transport import Outcome
from leadops.db import Connection
from leadops.delivery.due_calls import lock_due
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)


class BatchState(StrEnum):
    """The state of a batch; every state but `ready` is final.

    ::

        (built) ──▶ ready ──answered, or read back──▶ done
                    │ ▲ │
                    │ │ ├──refused as a whole───────▶ dead      (its deltas are dead letters)
                    │ │ └──split into two batches───▶ dropped
                    └─┘ unknown outcome: sent again under the same key, not before `not_before`;
                        answered for some of its deltas: the others are read back

    A ready batch may have been sent: the process that locks its row sends it.
    """

    READY = "ready"
    DONE = "done"
    DEAD = "dead"
    DROPPED = "dropped"


@dataclass(frozen=True)
class DeltaBatch:
    """A locked batch: the row stays locked by this transaction until the batch is settled.

    `may_have_arrived`: the outcome of an earlier call of this process or another is unknown; `is_answered`:
    only the deltas are left that an answer left unknown, so it is read back and never sent again.
    """

    batch_id: int
    idempotency_key: str
    deltas: int
    body: str
    attempts: int
    created_at: datetime
    may_have_arrived: bool = False
    is_answered: bool = False

    def updates(self) -> list[dict[str, Any]]:
        """Return the updates of the body: deltaId, leadId, delta, reason."""
        content = orjson.loads(self.body)
        return [content] if self.deltas == 1 else list(content["updates"])


def encode_updates(updates: list[dict[str, Any]]) -> str:
    """Return the body of a call: a single update has the body of the route for a single lead."""
    return orjson.dumps({"updates": updates} if len(updates) > 1 else updates[0]).decode()


def parse_ledger_seq(delta_id: str) -> int:
    """Return the ledger row that a deltaId ("<nonce>-<seq>") stands for."""
    return int(delta_id.rsplit("-", 1)[1])


def count_idle_batches(connection: Connection, *, target: str, lane: Lane, limit: int) -> int:
    """Count, up to `limit`, the new batches that no process is sending; commits."""
    with connection.transaction():
        return int(queries.value(connection, "count_idle", target=target, lane=lane, max_rows=limit))


def lock_due_batches(
    connection: Connection, *, target: str, lane: Lane, limit: int, now: datetime
) -> list[DeltaBatch]:
    """Lock up to `limit` due batches that no other process holds, until the caller's transaction ends."""

    def lock(is_retry: bool, max_rows: int) -> list[DeltaBatch]:
        return queries.all(
            connection,
            "lock_due",
            DeltaBatch,
            target=target,
            lane=lane,
            is_retry=is_retry,
            max_rows=max_rows,
            now=now,
        )

    return lock_due(lock, limit=limit)


def send_batch(client: MaClient, batch: DeltaBatch) -> Outcome:
    """Send the stored body under the stored key; a single delta goes to the route for a single lead."""
    send = client.update_score if batch.deltas == 1 else client.update_scores
    return send(batch.body.encode(), key=batch.idempotency_key)


def close_batch(
    connection: Connection,
    batch: DeltaBatch,
    *,
    state: BatchState,
    now: datetime,
    error: str | None = None,
    not_before: datetime | None = None,
    may_have_arrived: bool = False,
    is_answered: bool = False,
) -> None:
    """Record one more attempt and the state in which it leaves the batch; the two flags, once set, stay."""
    queries.run(
        connection,
        "close_batch",
        batch_id=batch.batch_id,
        state=state,
        error=error,
        not_before=not_before,
        may_have_arrived=may_have_arrived,
        is_answered=is_answered,
        now=now,
    )


def split_batch(
    connection: Connection, batch: DeltaBatch, parts: list[list[dict[str, Any]]], *, now: datetime
) -> None:
    """Store each of `parts`, updates of `batch`, as a new batch under a new key."""
    queries.run_many(
        connection,
        "insert_part",
        [
            {"batch_id": batch.batch_id, "deltas": len(part), "body": encode_updates(part), "now": now}
            for part in parts
        ],
    )


def shrink_batch(connection: Connection, batch: DeltaBatch, updates: list[dict[str, Any]]) -> None:
    """Leave only `updates` in an open batch."""
    queries.run(
        connection,
        "shrink_batch",
        batch_id=batch.batch_id,
        deltas=len(updates),
        body=encode_updates(updates),
    )


def find_next_batch_retry(connection: Connection, *, target: str) -> datetime | None:
    """Return when the next failed batch that no process holds is due again, or None without one."""
    due: datetime | None = queries.value(connection, "find_next_retry", target=target)
    return due


def purge_batches(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete up to `max_rows` batches that were settled before `before`; return how many."""
    return queries.run(connection, "purge_batches", before=before, max_rows=max_rows)
