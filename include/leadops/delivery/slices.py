"""Divides the leads of a target into slices: of each, one sender at a time sends score changes, in order.

A slice belongs to nobody. A sender holds one for a round, the one whose calls have waited longest; that of a
sender that was killed is free as soon as its connection ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.lanes import Lane
from leadops.locks import Lock, trying_lock
from leadops.queries import Queries

queries = Queries(__file__, topic="calls")


class LeadSlice(NamedTuple):
    """The leads whose id in the target hashes to `number`, of `slices`."""

    number: int
    slices: int


#: Where leads are not divided.
ALL_LEADS = LeadSlice(0, 1)


@contextmanager
def holding_slice(connection: Connection, target: str, leads: LeadSlice) -> Iterator[bool]:
    """Keep other senders from the slice over several transactions; yield whether it was free."""
    with trying_lock(connection, Lock.SLICES, f"{target} {leads.number}") as is_held:
        yield is_held


def list_waiting_slices(
    connection: Connection, *, target: str, lane: Lane, slices: int, now: datetime
) -> list[LeadSlice]:
    """Return the slices with score changes to send, whose calls waited longest first; commits.

    Calls of another number of slices are those of one of these as well.
    """
    with connection.transaction():
        numbers = queries.values(
            connection, "list_waiting_slices", target=target, lane=lane, slices=slices, now=now
        )
    return [LeadSlice(number, slices) for number in numbers]
