"""Deletes old events of visitors who never said who they are."""

from datetime import datetime

from leadops.db import Connection
from leadops.events.purge import delete_events
from leadops.housekeeping.old_rows import OldRows
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__)


def purge_anonymous_events(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete events that arrived before `before` and belong to nobody; within the caller's transaction.

    Waits for a resolver that is at work: it may be about to give these events to a lead.
    """
    hold_lock(connection, Lock.RESOLVER)
    seqs = queries.values(connection, "forget_anonymous_events", before=before, max_rows=max_rows)
    queries.run(connection, "forget_claims", seqs=seqs)
    queries.run(connection, "forget_late_events", seqs=seqs)
    return delete_events(connection, seqs)


OLD_ROWS = (OldRows("anonymous_events", purge_anonymous_events),)
