"""Puts events that identity has lost back into its inbox."""

from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)


class EventRange(NamedTuple):
    """The lowest and the highest seq of some events."""

    first_seq: int
    last_seq: int


def find_interval(connection: Connection, *, start: datetime, end: datetime) -> EventRange | None:
    """Return the range of the events received in [start, end) (UTC); None if there are none."""
    return queries.first(connection, "find_interval", EventRange, start=start, stop=end)


def requeue_lost_events(
    connection: Connection, *, start: datetime, end: datetime, lane: Lane = Lane.LIVE
) -> int:
    """Put events received in [start, end) (UTC) that are neither waiting nor filed into the inbox.

    There are none unless rows were removed by hand. An event that a resolver is working on is not lost: in
    one snapshot it is either still waiting or already filed. `lane` is that of scoring. Returns how many
    events were put back.
    """
    interval = find_interval(connection, start=start, end=end)
    if interval is None:
        return 0
    return queries.run(
        connection,
        "requeue_lost",
        start=start,
        stop=end,
        first_seq=interval.first_seq,
        last_seq=interval.last_seq,
        lane=lane,
    )
