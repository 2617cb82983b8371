"""Claims calls that set totals: each total is read in the transaction that stores the call.

A lead is in one open call only, so its totals go out in the order in which they were read. Each try is a call
of its own: what a try left unknown is sent again with the total of that time.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.delivery.batches import (
    BatchState,
    DeltaBatch,
    close_batch,
    encode_rows,
    read_locked,
    shrink_batch,
    split_batch,
)
from leadops.delivery.build_batches import hold_deltas
from leadops.delivery.due_calls import TAKEOVER_PAUSE, lock_due
from leadops.lanes import Lane
from leadops.products.product import Product
from leadops.products.product_rows import Call, ScoreRow, TotalRow
from leadops.queries import Queries

queries = Queries(__file__, topic="totals")

#: Why a call is split before it is sent.
TOO_LARGE = "split: it is larger than the product takes"
#: Why nothing is left of a call.
NOT_SENDABLE = "none of its leads is in the target any more"


@dataclass(frozen=True)
class BatchTotal:
    """The total of a lead in a batch, as the ledger has it now, and all leads of ours that are in it."""

    batch_id: int
    seq: int
    lead_id: int
    external_id: str
    points: int
    members: list[int]

    @property
    def row(self) -> TotalRow:
        """The total as the product gets it."""
        return TotalRow(self.seq, self.lead_id, self.external_id, self.points)


def claim_totals(
    connection: Connection, *, product: Product, target: str, lane: Lane, limit: int, now: datetime
) -> list[int]:
    """Claim up to `limit` due batches: read their totals, and store the calls; commits; return their ids.

    Changes of leads that the target does not have any more are held. A call that is larger than the product
    takes is split. A batch that another process claimed within TAKEOVER_PAUSE is left to it.
    """

    def lock(is_retry: bool, max_rows: int) -> list[int]:
        return queries.values(
            connection,
            "lock_claimable",
            target=target,
            lane=lane,
            is_retry=is_retry,
            max_rows=max_rows,
            claimed_before=now - TAKEOVER_PAUSE,
            now=now,
        )

    claimed: list[int] = []
    with connection.transaction():
        while len(claimed) < limit:
            batches = read_locked(connection, lock_due(lock, limit=limit - len(claimed)))
            totals = _read_totals(connection, batches, target=target)
            new = [
                batch.batch_id
                for batch in batches
                if _claim(connection, batch, totals[batch.batch_id], product=product, target=target, now=now)
            ]
            claimed += new
            # The parts of a call that was split are due at once.
            if len(new) == len(batches):
                break
    return claimed


def count_idle_totals(connection: Connection, *, target: str, lane: Lane, limit: int, now: datetime) -> int:
    """Count, up to `limit`, the new batches that `claim_totals` would claim."""
    return int(
        queries.value(
            connection,
            "count_idle_totals",
            target=target,
            lane=lane,
            claimed_before=now - TAKEOVER_PAUSE,
            max_rows=limit,
        )
    )


def lock_claimed(
    connection: Connection, batch_ids: Sequence[int], *, claimed_at: datetime
) -> list[DeltaBatch]:
    """Lock those of the batches that `claim_totals` claimed at that time, until the transaction ends."""
    locked = queries.values(connection, "lock_claimed", batch_ids=list(batch_ids), claimed_at=claimed_at)
    return read_locked(connection, locked)


def release_claimed(connection: Connection, batch_ids: Sequence[int]) -> None:
    """Let go of the calls of batches that are still open: their next try is a call of its own."""
    queries.run(connection, "release_claimed", batch_ids=list(batch_ids))


def decode_totals(batch: DeltaBatch) -> list[TotalRow]:
    """Return the totals in the stored call of a batch."""
    return [TotalRow(*values) for values in batch.request["totals"]]


def list_members(batch: DeltaBatch, totals: Iterable[TotalRow]) -> list[tuple[int, TotalRow]]:
    """Return the leads of ours whose points are in each of these totals of a stored call.

    A lead that has got the same id in the target since then is not in it.
    """
    members = batch.request["members"]
    return [(lead_id, total) for total in totals for lead_id in members[total.external_id]]


def group_rows(rows: Iterable[ScoreRow]) -> dict[str, list[ScoreRow]]:
    """Return the rows of a batch by the target's id of the lead."""
    by_lead = defaultdict(list)
    for row in rows:
        by_lead[row.external_id].append(row)
    return by_lead


def halve_batch(connection: Connection, batch: DeltaBatch, *, error: str, now: datetime) -> None:
    """Make two batches of a locked one, each with the rows of half of its leads."""
    by_lead = list(group_rows(batch.score_rows).values())
    middle = len(by_lead) // 2
    parts = [list(chain(*by_lead[:middle])), list(chain(*by_lead[middle:]))]
    split_batch(connection, batch, parts, error=error, may_have_arrived=batch.may_have_arrived)
    close_batch(connection, batch, state=BatchState.DROPPED, error=error, now=now)


def _read_totals(
    connection: Connection, batches: Sequence[DeltaBatch], *, target: str
) -> dict[int, list[BatchTotal]]:
    totals = defaultdict[int, list[BatchTotal]](list)
    batch_ids = [batch.batch_id for batch in batches]
    for total in queries.all(connection, "read_totals", BatchTotal, target=target, batch_ids=batch_ids):
        totals[total.batch_id].append(total)
    return totals


def _claim(
    connection: Connection,
    batch: DeltaBatch,
    totals: list[BatchTotal],
    *,
    product: Product,
    target: str,
    now: datetime,
) -> bool:
    """Store the call of a locked batch; return False where there is none to make."""
    there = {total.external_id for total in totals}
    kept = [row for row in batch.score_rows if row.external_id in there]
    if len(kept) < len(batch.score_rows):
        absent = [row.seq for row in batch.score_rows if row.external_id not in there]
        hold_deltas(connection, absent, target=target)
        shrink_batch(connection, batch, kept)
    if not totals:
        close_batch(connection, batch, state=BatchState.DROPPED, error=NOT_SENDABLE, now=now)
        return False
    rows = [total.row for total in totals]
    call = product.make_total_call(rows[: product.row_limit])
    if len(totals) > product.row_limit or (len(totals) > 1 and _is_too_large(call, product)):
        halve_batch(connection, replace(batch, rows=encode_rows(kept)), error=TOO_LARGE, now=now)
        return False
    members = {total.external_id: total.members for total in totals}
    queries.run(
        connection,
        "store_call",
        batch_id=batch.batch_id,
        request=Jsonb(call.head() | {"totals": rows, "members": members}),
        body=call.body,
        now=now,
    )
    return True


def _is_too_large(call: Call, product: Product) -> bool:
    return product.byte_limit is not None and len(call.body.encode()) > product.byte_limit
