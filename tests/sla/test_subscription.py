"""What lifecycle records reaches sla.inbox, and only a change of the person starts clocks again."""

from collections.abc import Callable

import pytest

from leadops.db import Connection
from leadops.lifecycle.publish import CycleKey, NewMql
from leadops.sla.subscription import SUBSCRIPTION
from tests.sla.conftest import START

CYCLES = [CycleKey(7, 2), CycleKey(4, 1)]
MQLS = [NewMql(7, 2, "summer", is_backfill=False), NewMql(4, 1, None, is_backfill=True)]


@pytest.mark.parametrize(
    ("enqueue", "has_new_person"),
    [
        (lambda connection: SUBSCRIPTION.on_mqls(connection, MQLS, START), False),
        (lambda connection: SUBSCRIPTION.on_facts(connection, CYCLES, START), False),
        (lambda connection: SUBSCRIPTION.on_merges(connection, CYCLES, START), True),
    ],
    ids=["mqls", "facts", "merges"],
)
def test_each_cycle_is_enqueued_as_it_is(
    connection: Connection, enqueue: Callable[[Connection], None], has_new_person: bool
) -> None:
    enqueue(connection)
    rows = connection.execute("select lead_id, cycle, has_new_person from sla.inbox").fetchall()
    assert rows == [(7, 2, has_new_person), (4, 1, has_new_person)]
