"""The leads that wait for scoring: live ones, and behind them those that are scored again."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.identity.event_chunk import find_interval, requeue_lost_events
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)

#: How much further a lane is searched for more of the same leads, in inbox rows for each lead of a chunk.
LOOK_AHEAD = 20


def list_waiting_lanes(connection: Connection, lane: Lane | None = None) -> list[Lane]:
    """Return the lanes in which leads wait, live first; only `lane` is looked at if it is given."""
    lanes = list(Lane) if lane is None else [lane]
    return [name for name in lanes if queries.value(connection, "has_waiting", lane=name)]


def take_leads(connection: Connection, lane: Lane, *, limit: int) -> int:
    """Move the first `limit` rows of `lane`, with later rows of the same leads, to `touched`.

    Returns how many rows the head of the lane had: `limit` if more may wait.
    """
    return int(
        queries.value(connection, "take_leads", lane=lane, chunk_size=limit, look_ahead=limit * LOOK_AHEAD)
    )


def enqueue_leads(connection: Connection, leads: Sequence[int], *, lane: Lane) -> None:
    """Put `leads` into `lane`."""
    if leads:
        queries.run(connection, "enqueue_leads", leads=list(leads), lane=lane)


def enqueue_classified(connection: Connection, *, lane: Lane) -> int:
    """Put every lead with acts through mails into `lane`; return how many."""
    leads = queries.run(connection, "enqueue_classified", lane=lane)
    if leads:
        queries.run(connection, "analyze_inbox")
    return leads


def enqueue_every_lead(connection: Connection) -> int:
    """Put every lead into the backfill lane; return how many."""
    leads = queries.run(connection, "enqueue_every_lead", lane=Lane.BACKFILL)
    queries.run(
        connection, "analyze_inbox"
    )  # else the planner takes the lane for empty, and reads it once a lead
    return leads


def enqueue_interval(connection: Connection, *, start: datetime, end: datetime) -> int:
    """Put the leads of events received in [start, end) (UTC) into the backfill lane; return how many.

    Events of the interval that identity has lost go back to its inbox first. Scoring writes only differences,
    so doing this again changes no points.
    """
    with connection.transaction():
        requeue_lost_events(connection, start=start, end=end, lane=Lane.BACKFILL)
        interval = find_interval(connection, start=start, end=end)
        if interval is None:
            return 0
        return queries.run(
            connection,
            "enqueue_interval",
            start=start,
            stop=end,
            first_seq=interval.first_seq,
            last_seq=interval.last_seq,
            lane=Lane.BACKFILL,
        )
