"""Deletes old Slack messages to salespeople."""

from datetime import datetime

from leadops.db import Connection
from leadops.housekeeping.old_rows import OldRows
from leadops.queries import Queries

queries = Queries(__file__)


def purge_notices(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete notices that were sent or dropped before `before`; the assignments stay."""
    return queries.run(connection, "purge_notices", before=before, max_rows=max_rows)


OLD_ROWS = (OldRows("notices", purge_notices),)
