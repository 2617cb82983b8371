"""Cuts the ledger into bulk calls: a batch is a range of it, with its exact body and key stored."""

from datetime import datetime
from typing import Any

from leadops.db import Connection, load_sql

LIVE, BACKFILL = 0, 1
LANES = (LIVE, BACKFILL)


def cut_batches(
    connection: Connection, *, target: str, lane: int, batch_size: int, batches: int, now: datetime
) -> int:
    """Make up to `batches` batches of at most `batch_size` deltas of one lane; commits; returns how many.

    Held deltas whose lead has become known come first. Deltas of a lead that `target` does not know yet are
    set aside as held. From the commit on a batch may have been sent: whoever finds it finishes it.
    """
    values: dict[str, Any] = {
        "target": target,
        "lane": lane,
        "size": batch_size,
        "most": batch_size * batches,
        "now": now,
    }
    with connection.transaction():
        made = connection.execute(load_sql("leadops.delivery", "cut_held"), values).rowcount
        if made < batches:
            values["most"] = batch_size * (batches - made)
            made += _cut_lane(connection, values)
    return made


def _cut_lane(connection: Connection, values: dict[str, Any]) -> int:
    """Cut the next rows of the ledger; the cursor's row lock makes every row part of one cut only."""
    cursor = connection.execute(load_sql("leadops.delivery", "lock_cursor"), values).fetchone()
    if cursor is None:
        connection.execute(load_sql("leadops.delivery", "insert_cursor"), values)
        cursor = connection.execute(load_sql("leadops.delivery", "lock_cursor"), values).fetchone()
    made = 0
    # A range whose leads are all unknown makes no batch, but moves the cursor: go on behind it.
    while cursor and not made:
        row = connection.execute(
            load_sql("leadops.delivery", "cut_lane"), values | {"after": cursor[0]}
        ).fetchone()
        if row is None:
            break
        cursor, made = (row[0],), row[1]
    return made
