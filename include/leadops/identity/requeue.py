"""Puts events that identity does not know of back into its inbox."""

from datetime import datetime

from leadops.db import Connection, load_sql


def find_interval(connection: Connection, *, start: datetime, end: datetime) -> tuple[int, int] | None:
    """Return the lowest and highest seq of the events received in [start, end) (UTC), None without events."""
    row = connection.execute(
        load_sql("leadops.identity", "find_interval"), {"start": start, "stop": end}
    ).fetchone()
    return None if row is None or row[0] is None else (int(row[0]), int(row[1]))


def requeue_lost_events(connection: Connection, *, start: datetime, end: datetime, lane: int = 0) -> int:
    """Put events received in [start, end) (UTC) that are not waiting, resolved or nobody's into the inbox.

    There are none unless rows were removed by hand. An event that a resolver has in its hands is not lost: in
    one snapshot it is either still waiting or already filed. `lane` (0 live, 1 backfill) is that of scoring.
    Returns how many were put back.
    """
    if not (interval := find_interval(connection, start=start, end=end)):
        return 0
    values = {"start": start, "stop": end, "first_seq": interval[0], "last_seq": interval[1], "lane": lane}
    return connection.execute(load_sql("leadops.identity", "requeue_lost"), values).rowcount
