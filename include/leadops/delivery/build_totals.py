"""Builds calls that set totals: each is a batch of ledger rows, and a lead is in one open batch only.

The rows say which leads are in the call and what it settles. The totals themselves are read when the call is
claimed: see `claim_totals`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.delivery.build_batches import LedgerRange, build_from_ledger
from leadops.delivery.presence import MOVED, THERE_AFTER_ALL
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__)

#: Rows of the ledger that are read for each place in a call: several of one lead are one place.
ROWS_A_PLACE = 4

#: So long after its outcome stayed unknown a call may still arrive, and put an older total over a newer one.
LATE_CALLS = timedelta(minutes=5)

#: Totals that go out once more go after what happens now.
AGAIN_LANE = Lane.BACKFILL


def build_totals(
    connection: Connection, *, target: str, lane: Lane, batch_size: int, batches: int, now: datetime
) -> int:
    """Build about `batches` batches of at most `batch_size` leads of one lane; commits; return how many.

    Held changes go first, then the ledger, then totals that are wanted once more, which go with backfill.
    Changes of leads that are in an open batch, or not present in the target, are held. A lead whose total has
    to be compared is sent its total, which is as good. A call of the backfill lane that holds up a live
    change moves to the live lane.
    """
    with connection.transaction():
        # In whichever lanes and processes: two calls that are built at once never hold one lead.
        hold_lock(connection, Lock.TOTALS)
        queries.run(connection, "align_leads", target=target, moved=MOVED, there=THERE_AFTER_ALL, now=now)
        built = queries.run(
            connection,
            "from_held",
            target=target,
            lane=lane,
            batch_size=batch_size,
            max_rows=batch_size * batches * ROWS_A_PLACE,
            now=now,
        )
        if built < batches:
            max_rows = batch_size * (batches - built) * ROWS_A_PLACE

            def build_range(after: int) -> LedgerRange:
                return queries.one(
                    connection,
                    "from_ledger",
                    LedgerRange,
                    target=target,
                    lane=lane,
                    after=after,
                    batch_size=batch_size,
                    max_rows=max_rows,
                    now=now,
                )

            built += build_from_ledger(connection, build_range, target=target, lane=lane, max_rows=max_rows)
        if built < batches and lane is AGAIN_LANE:
            built += queries.run(
                connection,
                "from_due",
                target=target,
                lane=lane,
                batch_size=batch_size,
                max_rows=batch_size * (batches - built),
                now=now,
            )
        if lane is Lane.LIVE:
            built += queries.run(connection, "promote_batches", target=target, lane=lane)
    return built


def list_total_lanes(connection: Connection, *, target: str, now: datetime) -> set[int]:
    """Return the lanes in which totals wait that no change of a score stands for; it reads only."""
    lanes = {"lanes": list(Lane), "again_lane": AGAIN_LANE, "moved": MOVED}
    return set(queries.values(connection, "list_lanes", target=target, now=now, **lanes))


def want_total(connection: Connection, *, target: str, lead_id: int, now: datetime) -> None:
    """Let the total of a lead go out once more, in the caller's transaction."""
    queries.run(connection, "want_total", target=target, lead_id=lead_id, now=now)


def forget_totals(connection: Connection, lead_ids: Sequence[int]) -> None:
    """Forget what the targets have of these leads, in the caller's transaction."""
    queries.run(connection, "forget_totals", lead_ids=list(lead_ids))
