"""Deletes old incidents that are resolved, with their messages and pages, and what tasks did long ago."""

from datetime import datetime

from leadops.db import Connection
from leadops.housekeeping.old_rows import OldRows
from leadops.incidents.purge import purge_incidents, purge_task_results
from leadops.queries import Queries

queries = Queries(__file__)


def purge_messages(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete messages from before `before` that are final and about no incident on record."""
    return queries.run(connection, "purge_messages", before=before, max_rows=max_rows)


def purge_pages(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete pages from before `before` that are over and about no incident on record."""
    return queries.run(connection, "purge_pages", before=before, max_rows=max_rows)


OLD_ROWS = (
    OldRows("incidents", purge_incidents),
    OldRows("incidents", purge_messages),
    OldRows("incidents", purge_pages),
    OldRows("task_results", purge_task_results),
)
