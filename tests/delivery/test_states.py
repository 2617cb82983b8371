"""The states in Python are those that the tables allow."""

import re
from enum import StrEnum

import pytest

from leadops.db import Connection
from leadops.delivery.batches import BatchState
from leadops.delivery.dead_letters import DeadLetterState
from leadops.delivery.outbox import OutboxState
from leadops.delivery.presence import LeadPresence


@pytest.mark.parametrize(
    ("table", "states"),
    [
        ("outbox", OutboxState),
        ("batches", BatchState),
        ("dead_letters", DeadLetterState),
        ("external_ids", LeadPresence),
    ],
)
def test_the_table_allows_exactly_these_states(
    connection: Connection, table: str, states: type[StrEnum]
) -> None:
    row = connection.execute(
        "select pg_get_constraintdef(oid) from pg_constraint"
        " where conrelid = %s::regclass and contype = 'c' and pg_get_constraintdef(oid) like %s",
        [f"delivery.{table}", "%state%"],
    ).fetchone()
    assert row
    assert set(re.findall(r"'(\w+)'", row[0])) == {state.value for state in states}
