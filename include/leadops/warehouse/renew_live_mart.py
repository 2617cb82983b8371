"""Brings the copy of a mart without change numbers up to date, and compares it with what was sent."""

from collections.abc import Mapping
from datetime import datetime

from leadops.db import Connection, snapshot
from leadops.warehouse.compare_partitions import BothSides, find_differing, pair_months
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.partitions import end_of_month
from leadops.warehouse.read_marts import read_fingerprints
from leadops.warehouse.repair_partitions import replace_month
from leadops.warehouse.warehouse_target import WarehouseTarget


def renew_mart(
    connection: Connection, target: WarehouseTarget, table: MartTable
) -> Mapping[datetime, BothSides]:
    """Replace every month that differs, and return those that the target has otherwise all the same.

    Such a mart changes while it is read. So one state of the database is read for all of it: what is written
    meanwhile is in neither side, and follows with the next time. Call it outside a transaction.
    """
    with snapshot(connection):
        stale = find_differing(connection, target, table, last=0)
        if not stale:
            return {}
        for month in stale:
            replace_month(connection, target, table, month=month, last=0)
        since, until = min(stale), end_of_month(max(stale))
        own = read_fingerprints(connection, table, last=0, since=since, until=until)
        return pair_months(own, target.read_fingerprints(table, since=since, until=until))
