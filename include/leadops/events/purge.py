"""Deletes refused events that are settled, and events that belong to nobody."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.housekeeping.old_rows import OldRows
from leadops.queries import Queries

queries = Queries(__file__)


def purge_quarantine(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete refused events that were settled before `before`, and those of known bots and spam that old."""
    return queries.run(connection, "purge_quarantine", before=before, max_rows=max_rows)


def delete_events(connection: Connection, seqs: Sequence[int]) -> int:
    """Delete the events `seqs`; return how many. Their ids are unknown afterwards."""
    return queries.run(connection, "delete_events", seqs=list(seqs))


def purge_refused_calls(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete counts of refused calls from before `before`."""
    return queries.run(connection, "purge_refused_calls", before=before, max_rows=max_rows)


OLD_ROWS = (OldRows("quarantine", purge_quarantine), OldRows("refused_calls", purge_refused_calls))
