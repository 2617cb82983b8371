"""The nightly compare finds what differs, and a repair replaces that and nothing else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.warehouse.export_marts import TargetAheadError
from leadops.warehouse.partition_differences import list_differences
from leadops.warehouse.run_warehouses import compare_warehouses, export_warehouses, repair_warehouses
from tests.warehouse.story import (
    JUNE,
    MAY,
    NOW,
    Place,
    add_lead,
    add_points,
    clock,
    erase_reasons,
    publish,
    table_of,
)


def export(connection: Connection, place: Place) -> int:
    publish(connection)
    return sum(export_warehouses(connection, [place.warehouse], piece_rows=5, clock=clock).values())


def compare(connection: Connection, place: Place) -> list[tuple[str, str, int, int]]:
    compare_warehouses(connection, [place.warehouse], clock=clock)
    return [
        (found.mart, found.partition, found.own_rows, found.their_rows)
        for found in list_differences(connection)
    ]


def repair(connection: Connection, place: Place) -> list[tuple[str, str, str]]:
    return repair_warehouses(connection, [place.warehouse], clock=clock)


@pytest.fixture
def filled(connection: Connection, place: Place) -> Place:
    """Nine rows of the ledger from 10 May to 29 July (3, 3, 3), and a lead of May."""
    add_points(connection, add_lead(connection), 9)
    export(connection, place)
    return place


def test_the_same_is_the_same(connection: Connection, filled: Place) -> None:
    assert compare(connection, filled) == []
    assert repair(connection, filled) == []


def test_a_partition_deleted_by_hand_is_found_and_repaired(connection: Connection, filled: Place) -> None:
    filled.delete_month(table_of("ledger"), "2026-06")
    assert compare(connection, filled) == [("ledger", "2026-06", 3, 0)]
    assert repair(connection, filled) == [(filled.warehouse.name, "ledger", "2026-06")]
    assert compare(connection, filled) == []
    assert filled.rows("ledger") == filled.expected(connection, "ledger")


def test_only_the_months_on_record_are_replaced(
    connection: Connection, filled: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    months: list[datetime] = []
    target = filled.warehouse.target
    known = target.replace_partition

    def replace(table: Any, rows: Any, *, month: datetime, last: int) -> None:
        months.append(month)
        known(table, rows, month=month, last=last)

    monkeypatch.setattr(target, "replace_partition", replace)
    filled.delete_month(table_of("ledger"), "2026-06")
    compare(connection, filled)
    repair(connection, filled)
    assert months == [JUNE]


def test_what_is_new_here_and_not_sent_yet_is_no_difference(connection: Connection, filled: Place) -> None:
    add_points(connection, add_lead(connection), 3)
    publish(connection)
    assert compare(connection, filled) == []


def test_what_differs_no_more_is_forgotten(connection: Connection, filled: Place) -> None:
    connection.execute("update scoring.ledger set points = 99 where occurred_at < %s", [JUNE])
    connection.commit()
    assert compare(connection, filled) == [("ledger", "2026-05", 3, 3)]
    connection.execute("update scoring.ledger set points = 99 where points = 99")
    connection.commit()
    assert repair(connection, filled) != []
    assert compare(connection, filled) == []


def test_what_the_warehouse_has_beyond_a_restored_database_is_told_and_repaired(
    connection: Connection, filled: Place
) -> None:
    """The backup is from before the last rows: here they are gone, and their numbers are given once more."""
    lead = add_lead(connection)
    before = connection.execute("select * from warehouse.exports order by mart").fetchall()
    connection.commit()
    add_points(connection, lead, 4)
    export(connection, filled)
    connection.execute("delete from scoring.ledger where seq > 9")
    connection.execute("alter table scoring.ledger alter column seq restart with 10")
    connection.execute("update warehouse.exports set sent_to = 9 where mart = 'ledger'")
    connection.commit()
    assert before
    add_points(connection, lead, 2, since=NOW)
    with pytest.raises(TargetAheadError, match="up to 13, this database sent them up to 9 only"):
        export(connection, filled)
    assert compare(connection, filled) == [("ledger", "all", 9, 13)]
    assert repair(connection, filled) == [(filled.warehouse.name, "ledger", "all")]
    assert export(connection, filled) == 2
    assert compare(connection, filled) == []
    assert filled.rows("ledger") == filled.expected(connection, "ledger")
    assert len(filled.rows("ledger")) == 11


def test_an_erased_person_is_erased_there_whatever_an_export_had_read(
    connection: Connection, filled: Place
) -> None:
    """The rows of the lead change in place here, as an erasure does it: their reason goes."""
    lead = add_lead(connection)
    add_points(connection, lead, 6)
    export(connection, filled)
    erase_reasons(connection, lead)
    assert export(connection, filled) == 0
    assert filled.rows("ledger") == filled.expected(connection, "ledger")
    assert compare(connection, filled) == []


def test_an_unknown_mart_is_named(connection: Connection, filled: Place) -> None:
    with pytest.raises(PermanentError, match="has no mart nothing; it has ledger, leads"):
        compare_warehouses(connection, [filled.warehouse], clock=clock, mart="nothing")


def test_many_files_of_a_month_become_one(connection: Connection, filled: Place) -> None:
    for number in range(9):
        add_points(connection, add_lead(connection), 1, since=MAY)
        export(connection, filled)
        if number == 4:
            compare(connection, filled)
    assert compare(connection, filled) == []
    assert filled.rows("ledger") == filled.expected(connection, "ledger")
    if filled.warehouse.name == "folder":
        files: Sequence[Any] = filled.warehouse.target.list_files(table_of("ledger"))  # type: ignore[attr-defined]
        assert len([file for file in files if file.month < JUNE]) == 1
