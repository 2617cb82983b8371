"""How far lifecycle has read the ledger, and by which thresholds; its lock lets one run work at a time."""

from typing import NamedTuple

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="mql_gates")


class LedgerCursor(NamedTuple):
    """The last ledger row that was read, and the thresholds that were applied."""

    ledger_seq: int
    thresholds: str | None


def lock_cursor(connection: Connection) -> LedgerCursor:
    """Wait until no other run of lifecycle is active, and keep others out until the transaction ends."""
    queries.run(connection, "insert_cursor")
    return queries.one(connection, "lock_cursor", LedgerCursor)


def find_horizon(connection: Connection) -> int:
    """Return the last ledger row that is committed."""
    return int(queries.value(connection, "find_horizon"))


def move_cursor(connection: Connection, *, to_seq: int, thresholds: str) -> None:
    """Record that the ledger was read up to `to_seq`, by `thresholds`."""
    queries.run(connection, "move_cursor", to_seq=to_seq, thresholds=thresholds)
