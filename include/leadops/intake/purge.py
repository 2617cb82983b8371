"""Deletes settled forms of the quarantine, old spam, traces and counts of refused forms."""

from datetime import datetime

from leadops.db import Connection
from leadops.housekeeping.old_rows import OldRows
from leadops.queries import Queries

queries = Queries(__file__)


def purge_forms(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete quarantined forms that were admitted or dropped before `before`, and spam that old."""
    return queries.run(connection, "purge_forms", before=before, max_rows=max_rows)


def purge_traces(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete what forms from before `before` have in common with later ones."""
    return queries.run(connection, "purge_traces", before=before, max_rows=max_rows)


def purge_refusals(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete counts of refused forms from before `before`."""
    return queries.run(connection, "purge_refusals", before=before, max_rows=max_rows)


OLD_ROWS = (
    OldRows("quarantined_forms", purge_forms),
    OldRows("quarantined_forms", purge_traces),
    OldRows("form_refusals", purge_refusals),
)
