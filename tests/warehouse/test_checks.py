"""The check on warehouses."""

from datetime import datetime

from leadops.db import Connection
from leadops.warehouse.partition_differences import keep_differences, record_difference
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server
from tests.warehouse.story import table_of

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_warehouse(connection: Connection, now: datetime, *, partition: str = "2026-05") -> None:
    record_difference(
        connection,
        "bigquery",
        table_of("ledger"),
        partition=partition,
        own_rows=41_250,
        their_rows=41_198,
        now=now,
    )


SCENES = {"warehouse": fire_warehouse}


def test_each_month_that_differs_is_told_once_until_it_is_the_same(connection, look, clock) -> None:
    fire_warehouse(connection, clock())
    fire_warehouse(connection, clock(), partition="2026-06")
    assert look().opened == 2
    told = incidents(connection)
    assert [incident.subject for incident in told] == ["bigquery ledger 2026-05", "bigquery ledger 2026-06"]
    assert "rows here: 41250, there: 41198" in shown(told[0])
    assert look(1).opened == 0
    keep_differences(connection, "bigquery", table_of("ledger"), partitions=["2026-06"])
    assert look(1).resolved == 1
