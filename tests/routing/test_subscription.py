"""What lifecycle records reaches routing.inbox, with why."""

from collections.abc import Callable

import pytest

from leadops.db import Connection
from leadops.lifecycle.publish import CycleKey, NewMql
from leadops.routing.subscription import enqueue_merged, enqueue_mqls
from tests.routing.conftest import START

CYCLES = [CycleKey(7, 2), CycleKey(4, 1)]
MQLS = [NewMql(7, 2, "summer", is_backfill=False), NewMql(4, 1, None, is_backfill=True)]


@pytest.mark.parametrize(
    ("enqueue", "why"),
    [
        (lambda connection: enqueue_mqls(connection, MQLS, START), "mql"),
        (lambda connection: enqueue_merged(connection, CYCLES, START), "merge"),
    ],
    ids=["mqls", "merges"],
)
def test_each_cycle_is_enqueued_as_it_is(
    connection: Connection, enqueue: Callable[[Connection], None], why: str
) -> None:
    enqueue(connection)
    rows = connection.execute("select lead_id, cycle, why from routing.inbox order by inbox_id").fetchall()
    assert rows == [(7, 2, why), (4, 1, why)]
