"""Brings the copy of a mart without change numbers up to date, and compares it with what was sent."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from leadops.db import Connection, snapshot
from leadops.warehouse.compare_partitions import BothSides, find_differing, pair_months
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.partitions import FIRST, end_of_month, start_of_month
from leadops.warehouse.read_marts import read_fingerprints
from leadops.warehouse.repair_partitions import replace_month
from leadops.warehouse.warehouse_target import WarehouseTarget


class Renewal(NamedTuple):
    """How many rows were sent, and the months that the target has otherwise all the same."""

    row_count: int
    differing: Mapping[datetime, BothSides]


def renew_mart(
    connection: Connection, target: WarehouseTarget, table: MartTable, *, since: datetime = FIRST
) -> Renewal:
    """Replace every month from `since` on that differs. Call it outside a transaction.

    Such a mart changes while it is read. So one state of the database is read for all of it: what is written
    meanwhile is in neither side, and follows with the next time.
    """
    with snapshot(connection):
        stale = find_differing(connection, target, table, last=0, since=since)
        if not stale:
            return Renewal(0, {})
        rows = sum(replace_month(connection, target, table, month=month, last=0) for month in stale)
        since, until = min(stale), end_of_month(max(stale))
        own = read_fingerprints(connection, table, last=0, since=since, until=until)
        return Renewal(rows, pair_months(own, target.read_fingerprints(table, since=since, until=until)))


def renew_recent(connection: Connection, target: WarehouseTarget, table: MartTable, *, now: datetime) -> int:
    """Renew the month of `now`, the one before and what lies ahead; return how many rows were sent.

    A target without rows gets every month. What changes in older months is left to the night.
    """
    since = start_of_recent(now) if target.prepare(table) else FIRST
    return renew_mart(connection, target, table, since=since).row_count


def start_of_recent(now: datetime) -> datetime:
    """Return the first moment of the month before that of `now`."""
    return start_of_month(start_of_month(now) - timedelta(days=1))
