"""Puts the rows of PostgreSQL in place of the partitions in which a target differs, and of no others."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from leadops.db import Connection
from leadops.warehouse.compare_partitions import find_differing
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.partitions import FIRST, LAST, end_of_month
from leadops.warehouse.read_marts import stage_partition
from leadops.warehouse.warehouse_target import WarehouseTarget


def replace_differing(
    connection: Connection,
    target: WarehouseTarget,
    table: MartTable,
    *,
    last: int,
    months: Collection[datetime] | None = None,
) -> list[datetime]:
    """Replace every month that differs (of `months` alone, where given), and return them.

    What has a higher change number than `last` is not sent yet, and counts on neither side.
    """
    since = min(months) if months else FIRST
    until = end_of_month(max(months)) if months else LAST
    differing = find_differing(connection, target, table, last=last, since=since, until=until)
    replaced = [month for month in sorted(differing) if months is None or month in months]
    for month in replaced:
        replace_month(connection, target, table, month=month, last=last)
    return replaced


def replace_month(
    connection: Connection, target: WarehouseTarget, table: MartTable, *, month: datetime, last: int
) -> int:
    """Put the rows of PostgreSQL in place of a month of the target; return how many there are."""
    with TemporaryDirectory() as folder:
        rows = stage_partition(
            connection,
            table,
            Path(folder) / "rows.parquet",
            since=month,
            until=end_of_month(month),
            last=last,
        )
        target.replace_partition(table, rows, month=month, last=last)
    return rows.row_count
