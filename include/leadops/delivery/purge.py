"""Deletes settled calls once their retention is over."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.delivery.batches import purge_batches
from leadops.delivery.outbox import purge_effects

#: Rows cleared in one transaction, so that a purge never delays a push for long.
PURGE_LIMIT = 1000


def purge_settled(connection: Connection, *, keep_days: int, now: datetime) -> int:
    """Delete batches, and clear effects, that were settled more than `keep_days` ago; commits.

    At most PURGE_LIMIT of each; returns how many rows.
    """
    before = now - timedelta(days=keep_days)
    with connection.transaction():
        batches = purge_batches(connection, before=before, limit=PURGE_LIMIT)
        effects = purge_effects(connection, before=before, limit=PURGE_LIMIT)
    return batches + effects
