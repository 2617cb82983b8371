"""Deletes old incidents that are resolved."""

from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def purge_incidents(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete incidents that were resolved before `before`."""
    return queries.run(connection, "purge_incidents", before=before, max_rows=max_rows)
