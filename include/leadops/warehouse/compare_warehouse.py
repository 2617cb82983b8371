"""Compares a warehouse with the marts, both sides in the same state.

What differs only because something is under way does not count: a piece that an export began is finished
first, and an erasure that is not there yet follows. Only what differs then is put on record.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.warehouse.compare_partitions import BothSides, find_differing, record_differing
from leadops.warehouse.export_marts import find_ahead, finish_piece
from leadops.warehouse.export_progress import find_progress
from leadops.warehouse.follow_erasures import follow_erasures
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.renew_live_mart import renew_mart

Clock = Callable[[], datetime]


def compare_warehouse(
    connection: Connection, warehouse: Warehouse, tables: Sequence[MartTable], *, clock: Clock
) -> int:
    """Put on record in which months `tables` differ; return how many there are; commits.

    The caller holds the target's lock. Raises whatever the target raises.
    """
    settled = [
        table for table in warehouse.list_tables() if _settle(connection, warehouse, table, clock=clock)
    ]

    def follow() -> int:
        return follow_erasures(connection, warehouse, settled, clock=clock)

    follow()
    names = {table.mart.name for table in settled}
    found = 0
    for table in tables:
        if table.mart.name not in names:
            found += bool(find_ahead(connection, warehouse, table, clock=clock))
            continue
        warehouse.target_for(table).tidy(table)
        differing = _find_differing(connection, warehouse, table)
        while differing and follow():  # somebody was erased between the two sides
            differing = _find_differing(connection, warehouse, table)
        record_differing(connection, warehouse.name, table, differing, now=clock())
        found += len(differing)
    return found


def _settle(connection: Connection, warehouse: Warehouse, table: MartTable, *, clock: Clock) -> bool:
    """Finish what an export began; return whether the target has what the database says it has."""
    progress = find_progress(connection, warehouse.name, table)
    if table.number and not progress.promised_to:
        return False
    warehouse.target_for(table).prepare(table)
    if find_ahead(connection, warehouse, table, clock=clock):
        return False
    if progress.sending_to is not None:
        finish_piece(connection, warehouse, table, clock=clock)
    return True


def _find_differing(
    connection: Connection, warehouse: Warehouse, table: MartTable
) -> Mapping[datetime, BothSides]:
    target = warehouse.target_for(table)
    if table.number is None:
        return renew_mart(connection, target, table).differing
    last = find_progress(connection, warehouse.name, table).sent_to
    return find_differing(connection, target, table, last=last)
