"""Forgets settled calls after the days for which they are kept."""

from datetime import datetime, timedelta

from leadops.db import Connection, load_sql

#: Rows cleared in one go, so that a purge never holds a push up for long.
PURGE_LIMIT = 1000


def purge_settled(connection: Connection, *, keep_days: int, now: datetime) -> int:
    """Remove settled batches, and what settled effects said, older than `keep_days`; commits.

    Of an effect its key stays for ever: it is what keeps the effect from being wanted twice. At most
    PURGE_LIMIT of each are cleared; returns how many.
    """
    values = {"before": now - timedelta(days=keep_days), "most": PURGE_LIMIT}
    with connection.transaction():
        batches = connection.execute(load_sql("leadops.delivery", "purge_batches"), values).rowcount
        effects = connection.execute(load_sql("leadops.delivery", "purge_effects"), values).rowcount
    return batches + effects
