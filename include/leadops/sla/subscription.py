"""What SLA does when lifecycle records something: it enqueues the cycles whose clocks may change."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.lifecycle.publish import CycleKey, NewMql, Subscription
from leadops.queries import Queries

queries = Queries(__file__, topic="clocks")


def enqueue_mqls(connection: Connection, mqls: Sequence[NewMql], _: datetime) -> None:
    """Enqueue new MQLs: their clocks start."""
    _enqueue(connection, [CycleKey(mql.lead_id, mql.cycle) for mql in mqls])


def enqueue_facts(connection: Connection, cycles: Sequence[CycleKey], _: datetime) -> None:
    """Enqueue cycles with new facts: their clocks may stop."""
    _enqueue(connection, cycles)


def enqueue_merged(connection: Connection, cycles: Sequence[CycleKey], _: datetime) -> None:
    """Enqueue the cycles of merged or split leads: their clocks start again."""
    _enqueue(connection, cycles, has_new_person=True)


def _enqueue(connection: Connection, cycles: Sequence[CycleKey], *, has_new_person: bool = False) -> None:
    queries.run(
        connection,
        "enqueue_cycles",
        lead_ids=[cycle.lead_id for cycle in cycles],
        cycles=[cycle.cycle for cycle in cycles],
        has_new_person=has_new_person,
    )


SUBSCRIPTION = Subscription("sla", on_mqls=enqueue_mqls, on_facts=enqueue_facts, on_merges=enqueue_merged)
