"""Forgets settled calls after the days for which they are kept."""

from datetime import datetime, timedelta

from leadops.db import Connection

#: Rows removed in one go, so that a purge never holds a push up for long.
PURGE_LIMIT = 1000


def purge_settled(connection: Connection, *, keep_days: int, now: datetime) -> int:
    """Remove settled batches older than `keep_days`, at most PURGE_LIMIT; commits; return how many."""
    with connection.transaction():
        return connection.execute(
            "delete from delivery.batches where batch_id in (select batch_id from delivery.batches"
            " where state in ('done', 'dropped') and settled_at < %s order by batch_id limit %s)",
            [now - timedelta(days=keep_days), PURGE_LIMIT],
        ).rowcount
