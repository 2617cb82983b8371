"""What routing does when lifecycle records something: it enqueues the cycles that need an owner."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.lifecycle.publish import CycleKey, NewMql, Subscription
from leadops.queries import Queries

queries = Queries(__file__, topic="pending")


def enqueue_mqls(connection: Connection, mqls: Sequence[NewMql], _: datetime) -> None:
    """Enqueue new MQLs to be assigned."""
    _enqueue(connection, [CycleKey(mql.lead_id, mql.cycle) for mql in mqls], why="mql")


def enqueue_merged(connection: Connection, cycles: Sequence[CycleKey], _: datetime) -> None:
    """Enqueue the cycles of merged or split leads: their owner may change."""
    _enqueue(connection, cycles, why="merge")


def _enqueue(connection: Connection, cycles: Sequence[CycleKey], *, why: str) -> None:
    queries.run(
        connection,
        "enqueue_cycles",
        lead_ids=[cycle.lead_id for cycle in cycles],
        cycles=[cycle.cycle for cycle in cycles],
        why=why,
    )


SUBSCRIPTION = Subscription("routing", on_mqls=enqueue_mqls, on_merges=enqueue_merged)
