"""Scores a past interval again: its leads are put up for scoring behind the live ones."""

from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.identity.requeue import find_interval, requeue_lost_events
from leadops.lanes import Lane


def enqueue_interval(connection: Connection, *, start: datetime, end: datetime) -> int:
    """Put the leads of events received in [start, end) (UTC) into the backfill lane; return how many.

    Events of the interval that identity has lost sight of go back to its inbox first. Scoring writes only
    differences, so doing this again changes no points.
    """
    with connection.transaction():
        requeue_lost_events(connection, start=start, end=end, lane=Lane.BACKFILL)
        if not (interval := find_interval(connection, start=start, end=end)):
            return 0
        values = {"start": start, "stop": end, "first_seq": interval[0], "last_seq": interval[1]}
        return connection.execute(load_sql("leadops.scoring", "enqueue_interval"), values).rowcount
