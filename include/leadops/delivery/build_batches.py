"""Builds bulk calls from the ledger: a batch is a range of it, stored with its rows and its key."""

from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)


class LedgerProgress(NamedTuple):
    """The ledger row up to which a lane is in batches, and how many batches the last step built."""

    ledger_seq: int
    batches: int


def build_batches(
    connection: Connection, *, target: str, lane: Lane, batch_size: int, batches: int, now: datetime
) -> int:
    """Build up to `batches` batches of at most `batch_size` deltas of one lane; commits; return how many.

    Held deltas go first, once the target knows their lead. Deltas of a lead that `target` does not know yet
    become held deltas. After the commit a batch may have been sent: the process that locks it finishes it.
    """
    with connection.transaction():
        built = queries.run(
            connection,
            "from_held",
            target=target,
            lane=lane,
            batch_size=batch_size,
            max_rows=batch_size * batches,
            now=now,
        )
        if built < batches:
            max_rows = batch_size * (batches - built)
            built += _build_from_ledger(
                connection, target=target, lane=lane, batch_size=batch_size, max_rows=max_rows, now=now
            )
    return built


def _build_from_ledger(
    connection: Connection, *, target: str, lane: Lane, batch_size: int, max_rows: int, now: datetime
) -> int:
    """Build batches from the next ledger rows; the lock on the cursor puts each row into one batch only."""
    cursor = lock_cursor(connection, target=target, lane=lane)
    built = 0
    # A range with only unknown leads builds no batch but moves the cursor: continue after it.
    while not built:
        progress = queries.first(
            connection,
            "from_ledger",
            LedgerProgress,
            target=target,
            lane=lane,
            after=cursor,
            batch_size=batch_size,
            max_rows=max_rows,
            now=now,
        )
        if progress is None:
            break
        cursor, built = progress
    return built


def lock_cursor(connection: Connection, *, target: str, lane: Lane) -> int:
    """Return the last ledger row of a lane that is in a batch or held; locked until the transaction ends."""
    cursor: int | None = queries.value(connection, "lock_cursor", target=target, lane=lane)
    if cursor is None:
        queries.run(connection, "insert_cursor", target=target, lane=lane)
        cursor = queries.value(connection, "lock_cursor", target=target, lane=lane)
    return cursor or 0


def hold_deltas(connection: Connection, seqs: list[int], *, target: str) -> None:
    """Put ledger rows into the next batches, in the caller's transaction; held rows stay as they are."""
    queries.run(connection, "hold_deltas", target=target, seqs=seqs)
