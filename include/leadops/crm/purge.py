"""Deletes old items of the CRM that could not be read."""

from datetime import datetime

from leadops.db import Connection
from leadops.housekeeping.old_rows import OldRows
from leadops.queries import Queries

queries = Queries(__file__)


def purge_refused(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete items of the CRM that were refused before `before`."""
    return queries.run(connection, "purge_refused", before=before, max_rows=max_rows)


OLD_ROWS = (OldRows("crm_refused", purge_refused),)
