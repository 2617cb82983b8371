"""Builds bulk calls from the ledger: a batch is a range of it, stored with its rows and its key."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)


class LedgerRange(NamedTuple):
    """Rows of a lane: how many, the last of them, the newest of the whole ledger, and the batches."""

    size: int
    last_seq: int | None
    newest_seq: int | None
    batches: int


def build_batches(
    connection: Connection,
    *,
    target: str,
    lane: Lane,
    batch_size: int,
    batches: int,
    now: datetime,
    slices: int = 1,
) -> int:
    """Build about `batches` batches of at most `batch_size` deltas of one lane; commits; return how many.

    Held deltas go first, once the target knows their lead. Deltas of a lead that `target` does not know yet,
    or that has to wait for a call, become held deltas. The batches are those of all `slices`. After the
    commit a batch may have been sent: the process that locks it finishes it.
    """
    with connection.transaction():
        # From here on nobody else builds in this lane: what is held goes before what the ledger has besides.
        _lock_cursor(connection, target=target, lane=lane)
        built = queries.run(
            connection,
            "from_held",
            target=target,
            lane=lane,
            batch_size=batch_size,
            slices=slices,
            max_rows=batch_size * batches,
            now=now,
        )
        if built < batches:
            max_rows = batch_size * (batches - built)

            def build_range(after: int) -> LedgerRange:
                return queries.one(
                    connection,
                    "from_ledger",
                    LedgerRange,
                    target=target,
                    lane=lane,
                    after=after,
                    batch_size=batch_size,
                    slices=slices,
                    max_rows=max_rows,
                    now=now,
                )

            built += build_from_ledger(connection, build_range, target=target, lane=lane, max_rows=max_rows)
    return built


def build_from_ledger(
    connection: Connection,
    build_range: Callable[[int], LedgerRange],
    *,
    target: str,
    lane: Lane,
    max_rows: int,
) -> int:
    """Build batches from the next rows of the ledger, in the caller's transaction; return how many.

    `build_range(after)` builds them from at most `max_rows` rows behind `after`. The lock on the cursor puts
    each row into one batch only.
    """
    cursor = _lock_cursor(connection, target=target, lane=lane)
    built = 0
    # A range of which nothing can be sent builds no batch but moves the cursor: continue after it.
    while not built:
        rows = build_range(cursor)
        # With fewer rows than asked for, the lane has none left: its cursor moves to the end of the ledger.
        reached = rows.newest_seq if rows.size < max_rows else rows.last_seq
        if reached is None or reached <= cursor:
            break
        queries.run(connection, "move_cursor", target=target, lane=lane, ledger_seq=reached)
        cursor, built = reached, rows.batches
    return built


def _lock_cursor(connection: Connection, *, target: str, lane: Lane) -> int:
    """Return the last ledger row of a lane that is in a batch or held; locked until the transaction ends."""
    cursor: int | None = queries.value(connection, "lock_cursor", target=target, lane=lane)
    if cursor is None:
        queries.run(connection, "insert_cursor", target=target, lane=lane)
        cursor = queries.value(connection, "lock_cursor", target=target, lane=lane)
    return cursor or 0


def hold_deltas(connection: Connection, seqs: list[int], *, target: str) -> None:
    """Put ledger rows into the next batches, in the caller's transaction; held rows stay as they are."""
    queries.run(connection, "hold_deltas", target=target, seqs=seqs)
