"""Writes the ledger: whoever appends holds its lock until commit, so that seq is the order of commits."""

from datetime import datetime

import psycopg

from leadops.db import Connection
from leadops.errors import PermanentError, TransientError
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__)

#: Rows after which the planner needs new statistics: without them, cutting the rows into calls takes twice
#: as long (measured with 660,000 rows: 7 s, with statistics 4 s; collecting these takes 0.2 s).
MANY_ROWS = 50_000


def lock_ledger(connection: Connection) -> None:
    """Hold the ledger for the rest of the transaction; raise TransientError when that takes too long."""
    try:
        hold_lock(connection, Lock.LEDGER)
    except psycopg.errors.LockNotAvailable as error:
        raise TransientError("another run is writing points and did not finish in time") from error


def append_differences(connection: Connection, *, rule_set_id: int, lane: Lane, now: datetime) -> int:
    """Append the rows of the table `differences` to the ledger, and add them to the scores; return how many.

    The caller holds the ledger. `now` (UTC) dates the rows, `lane` is that of the round. In the live lane a
    row is live if it derives from what came live; others go to the backfill lane, except what takes points
    back or decays, which goes with its reason.
    """
    rows = queries.run(connection, "append", rule_set_id=rule_set_id, is_live=lane == Lane.LIVE, now=now)
    queries.run(connection, "change_scores", now=now)
    if rows >= MANY_ROWS:
        queries.run(connection, "analyze_ledger")
    return rows


def write_off(connection: Connection, *, ledger_seq: int, reason: str, now: datetime) -> bool:
    """Take the points of ledger row `ledger_seq` back without a call to the MA, and correct the lead's score.

    For points that will never reach the MA: ledger, score and MA agree again. Scoring never awards them
    again, and does not take them back a second time when they are no longer due. Returns False if the row was
    written off before. `now` is UTC. Raises PermanentError if there is no such row, or it is a write-off.
    """
    with connection.transaction():
        lock_ledger(connection)
        if queries.value(connection, "read_kind", ledger_seq=ledger_seq) in (None, "write_off"):
            raise PermanentError(f"ledger row {ledger_seq} cannot be written off: it holds no points")
        return queries.run(connection, "write_off", ledger_seq=ledger_seq, reason=reason, now=now) == 1
