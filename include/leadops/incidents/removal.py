"""Deletes old incidents that are resolved, and what tasks did long ago."""

from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="incident")


def purge_incidents(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete incidents that were resolved before `before`."""
    return queries.run(connection, "purge_incidents", before=before, max_rows=max_rows)


def purge_task_results(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete what tasks that ended before `before` did."""
    return queries.run(connection, "purge_task_results", before=before, max_rows=max_rows)
