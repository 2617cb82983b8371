"""How far lifecycle has read the ledger."""

from datetime import UTC, datetime

from leadops.db import Connection
from leadops.lifecycle.ledger_cursor import LedgerCursor, find_horizon, lock_cursor, move_cursor

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_the_cursor_begins_before_all_rows_and_moves(connection: Connection) -> None:
    assert lock_cursor(connection) == LedgerCursor(0, None)
    move_cursor(connection, to_seq=7, thresholds="t")
    assert lock_cursor(connection) == LedgerCursor(7, "t")


def test_the_horizon_is_the_last_row(connection: Connection) -> None:
    assert find_horizon(connection) == 0
    for lead in (5, 3):
        connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, reason) values (%s, 1, 'fit', 'rule', '', %s, %s, 0, '')",
            [lead, NOW, NOW],
        )
    assert find_horizon(connection) == 2
