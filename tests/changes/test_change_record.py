"""What is on record about changes, however many are open."""

from datetime import UTC, datetime

import pytest

from leadops.changes.change_record import ChangeRecord, ask_change, list_changes, list_open
from leadops.db import Connection

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 7, 31, 9, tzinfo=UTC)


def ask(connection: Connection, number: int) -> ChangeRecord:
    return ask_change(
        connection,
        kind="rollback",
        hash=f"{number:064x}",
        subject=f"batch {number}",
        content={},
        base={},
        now=NOW,
    )


def test_the_oldest_of_many_open_changes_is_still_one_of_them(connection: Connection) -> None:
    first = ask(connection, 1)
    for number in range(2, 62):
        ask(connection, number)
    assert len(list_changes(connection)) == 50
    assert [change.hash for change in list_open(connection)] == [f"{n:064x}" for n in range(61, 0, -1)]
    assert ask(connection, 1) == first
