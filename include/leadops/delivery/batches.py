"""Batches of score changes: one bulk call each, with the body and the key stored before it is sent."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from leadops.clients.call_outcomes import Outcome
from leadops.db import Connection
from leadops.delivery.due_calls import TAKEOVER_PAUSE, lock_due
from leadops.delivery.slices import ALL_LEADS, LeadSlice
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import Call, ScoreRow
from leadops.queries import Queries

queries = Queries(__file__, topic="calls")

#: Why nothing is left of a batch that was not sent.
EARLIER_CALL_FAILED = "its changes wait for an earlier call that failed"
#: Batches that one worker sends between two commits.
BATCHES_PER_ROUND = 10


class BatchState(StrEnum):
    """The state of a batch; every state but `ready` is final.

    ::

        (built) ──▶ ready ──answered, or read back──▶ done
                    │ ▲ │
                    │ │ ├──refused as a whole───────▶ dead      (its deltas are dead letters)
                    │ │ └──split into two batches,
                    │ │    or to be sent again─────▶ dropped
                    └─┘ unknown outcome: sent again under the same key, not before `not_before`;
                        answered for some of its deltas: the others are read back

    The product makes the call of a built batch, and it is stored; see `claim_calls`. A claimed batch may have
    been sent since `first_sent_at`: the process that locks its row sends it. A batch that certainly had no
    effect is released, and has to be claimed again.
    """

    READY = "ready"
    DONE = "done"
    DEAD = "dead"
    DROPPED = "dropped"


class BlockedRow(NamedTuple):
    """A row of a batch that has to wait for another call."""

    batch_id: int
    seq: int


@dataclass(frozen=True)
class DeltaBatch:
    """A locked batch: the row stays locked by this transaction until the batch is settled.

    `rows` are those that are still open; `request` and `body` are the call as it was stored, with all rows.
    `may_have_arrived`: the outcome of an earlier call of this process or another is unknown; `is_answered`:
    only the deltas are left that an answer left unknown; `is_read_back`: only those that were not read back.
    Such a batch is read back and never sent again. `first_sent_at`: the claim before the first call that may
    have arrived.
    """

    batch_id: int
    idempotency_key: str
    nonce: str
    rows: str
    request: dict[str, Any]
    body: str
    attempts: int
    first_sent_at: datetime
    may_have_arrived: bool = False
    is_answered: bool = False
    is_read_back: bool = False

    @property
    def is_tried(self) -> bool:
        """Whether a part of it may have had an effect."""
        return self.may_have_arrived or self.is_answered or self.is_read_back

    @property
    def score_rows(self) -> tuple[ScoreRow, ...]:
        """The rows that are still open."""
        return decode_rows(self.rows, nonce=self.nonce)


# A round needs the rows of a batch when its call is made and, in another transaction, when it is settled.
@lru_cache(maxsize=2 * BATCHES_PER_ROUND)
def decode_rows(rows: str, *, nonce: str) -> tuple[ScoreRow, ...]:
    """Return the stored rows (JSON) of a batch, each with the name that the product knows it by."""
    return tuple(
        ScoreRow(
            row["seq"],
            row["lead_id"],
            row["external_id"],
            row["points"],
            row["reason"],
            f"{nonce}-{row['seq']}",
            row.get("is_duplicate", False),
        )
        for row in orjson.loads(rows)
    )


def encode_rows(rows: Sequence[ScoreRow]) -> str:
    """Return rows of a batch as they are stored: JSON, without what the batch's nonce makes of them."""
    values = []
    for row in rows:
        value = row._asdict()
        del value["delta_id"]
        values.append(value)
    return orjson.dumps(values).decode()


def lock_due_batches(
    connection: Connection,
    *,
    target: str,
    lane: Lane,
    limit: int,
    now: datetime,
    claimed_at: datetime | None = None,
    leads: LeadSlice = ALL_LEADS,
) -> list[DeltaBatch]:
    """Lock up to `limit` due batches of a slice that no other process holds, until the transaction ends.

    With `claimed_at` new batches that another process claimed within TAKEOVER_PAUSE are left to it: only what
    was claimed then was surely not sent.
    """

    def lock(is_retry: bool, max_rows: int) -> list[int]:
        return queries.values(
            connection,
            "lock_due_batches",
            target=target,
            lane=lane,
            slice=leads.number,
            slices=leads.slices,
            is_retry=is_retry,
            max_rows=max_rows,
            claimed_at=claimed_at,
            claimed_before=now - TAKEOVER_PAUSE,
            now=now,
        )

    return read_locked(connection, lock_due(lock, limit=limit))


def read_locked(connection: Connection, batch_ids: Sequence[int]) -> list[DeltaBatch]:
    """Return batches that the caller's transaction has locked, in the order of their ids in `batch_ids`."""
    if not batch_ids:
        return []
    return queries.all(connection, "read_batches", DeltaBatch, batch_ids=list(batch_ids))


def send_batch(client: ProductClient, batch: DeltaBatch) -> Outcome:
    """Send the stored call under the stored key."""
    return client.send(Call.restore(batch.request, batch.body), key=batch.idempotency_key)


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
    connection: Connection,
    batch: DeltaBatch,
    parts: Sequence[Sequence[ScoreRow]],
    *,
    not_before: datetime | None = None,
    attempts: int = 0,
    error: str | None = None,
    may_have_arrived: bool = False,
) -> None:
    """Store each of `parts`, rows of `batch` that had no effect, as a new batch under a new key.

    A part is as old as its oldest row: one that is never accepted is noticed. `may_have_arrived`: an earlier
    call may still arrive, as only totals are sent again in spite of that.
    """
    queries.run_many(
        connection,
        "insert_part",
        [
            {
                "batch_id": batch.batch_id,
                "from_seq": min(row.seq for row in part),
                "deltas": len(part),
                "ledger_seqs": sorted(row.seq for row in part),
                "rows": encode_rows(part),
                "not_before": not_before,
                "attempts": attempts,
                "error": error,
                "may_have_arrived": may_have_arrived,
            }
            for part in parts
        ],
    )


def shrink_batch(
    connection: Connection, batch: DeltaBatch, rows: Sequence[ScoreRow], *, is_read_back: bool = False
) -> None:
    """Leave only `rows` in an open batch, whose call stays as it is and is not sent again.

    With `is_read_back` the others were read back.
    """
    queries.run(
        connection,
        "shrink_batch",
        batch_id=batch.batch_id,
        deltas=len(rows),
        rows=encode_rows(rows),
        is_read_back=is_read_back,
    )


def list_blocked_rows(
    connection: Connection, batch_ids: Sequence[int], *, target: str, lane: Lane
) -> dict[int, set[int]]:
    """Return, by batch, the rows (seq) that wait: an earlier change of the lead is in a call that failed."""
    blocked = defaultdict[int, set[int]](set)
    values = {"target": target, "lane": lane, "batch_ids": list(batch_ids)}
    for row in queries.all(connection, "list_blocked_rows", BlockedRow, **values):
        blocked[row.batch_id].add(row.seq)
    return blocked


def take_back_call(
    connection: Connection, batch_id: int, rows: Sequence[ScoreRow], *, now: datetime
) -> str | None:
    """Leave only `rows` in a locked batch that certainly had no effect, and no call.

    Return them as they are stored; None: nothing is left, and the batch is dropped.
    """
    if not rows:
        (batch,) = read_locked(connection, [batch_id])
        close_batch(connection, batch, state=BatchState.DROPPED, error=EARLIER_CALL_FAILED, now=now)
        return None
    encoded = encode_rows(rows)
    queries.run(connection, "take_back_call", batch_id=batch_id, rows=encoded, deltas=len(rows))
    return encoded


def release_batches(connection: Connection, batches: Sequence[DeltaBatch]) -> None:
    """Give back locked batches that this round claimed first, in the caller's transaction.

    Those that had an answer of unknown effect, and those that are settled, stay as they are.
    """
    queries.run(connection, "release_batches", batch_ids=[batch.batch_id for batch in batches])


def find_next_batch_retry(connection: Connection, *, target: str) -> datetime | None:
    """Return when the next failed batch that no process holds is due again, or None without one."""
    due: datetime | None = queries.value(connection, "find_next_batch_retry", target=target)
    return due
