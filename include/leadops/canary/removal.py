"""Deletes old visits of the canary, and former visitors of whom nothing is left."""

from datetime import datetime

from leadops.db import Connection
from leadops.housekeeping.old_rows import OldRows
from leadops.queries import Queries

queries = Queries(__file__)


def purge_visits(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete up to `max_rows` visits from before `before` (UTC) whose visitor is gone; return how many."""
    purged = queries.run(connection, "purge_visits", before=before, max_rows=max_rows)
    queries.run(connection, "purge_visitors", before=before)
    return purged


OLD_ROWS = (OldRows("canary", purge_visits),)
