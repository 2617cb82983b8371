"""The ledger's door: whoever appends holds its lock until commit, so that seq is the order of commits."""

from datetime import datetime

import psycopg

from leadops.db import Connection, load_sql
from leadops.errors import PermanentError, TransientError

LEDGER_LOCK = 7_302_002


def hold_ledger(connection: Connection) -> None:
    """Take the ledger for the rest of the transaction; raise TransientError when that takes too long."""
    try:
        connection.execute("select pg_advisory_xact_lock(%s)", [LEDGER_LOCK])
    except psycopg.errors.LockNotAvailable as error:
        raise TransientError("another run is writing points, and its turn did not end in time") from error


def write_off(connection: Connection, *, ledger_seq: int, reason: str, now: datetime) -> bool:
    """Take the points of ledger row `ledger_seq` back without telling the MA, and mend the lead's score.

    For points that will never reach the MA: ledger, score and MA agree again. Scoring never gives them anew,
    and does not take them back once more when they are due no longer. Returns False when the row was written
    off before. `now` is UTC. Raises PermanentError when there is no such row, or it is a write-off itself.
    """
    with connection.transaction():
        hold_ledger(connection)
        kind = connection.execute("select kind from scoring.ledger where seq = %s", [ledger_seq]).fetchone()
        if kind is None or kind[0] == "write_off":
            raise PermanentError(f"ledger row {ledger_seq} cannot be written off: it holds no points")
        values = {"ledger_seq": ledger_seq, "reason": reason, "now": now}
        return connection.execute(load_sql("leadops.scoring", "write_off"), values).rowcount == 1
