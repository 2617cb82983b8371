"""What an export and a compare would read and bill, before anything is spent."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.warehouse.export_progress import find_progress
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.partitions import end_of_month, start_of_month
from leadops.warehouse.read_marts import count_waiting, measure_row
from leadops.warehouse.renew_live_mart import start_of_recent

TIB = 1024**4
#: How often a renewal reads a month: before it is replaced, while it is, and after.
RENEWAL_READS = 3


@dataclass(frozen=True)
class ExportEstimate:
    """What waits for a target in a mart; bytes as the target bills them, cost in US dollars."""

    target: str
    mart: str
    rows: int
    bytes_loaded: int
    bytes_billed: int
    compare_bytes_billed: int
    dollars: float
    compare_dollars: float


def estimate_export(
    connection: Connection, warehouse: Warehouse, table: MartTable, *, dollars_per_tib: float, now: datetime
) -> ExportEstimate:
    """Return what an export of `table` would send and bill now, and a compare of the whole table; commits.

    A load costs nothing. A merge bills the rows that were loaded, and the keys of the months they are in.
    Of a mart without change numbers the recent months are read: `bytes_billed` is the most that this costs.
    """
    target = warehouse.target_for(table)
    rows = loaded = billed = 0
    if table.number:
        progress = find_progress(connection, warehouse.name, table)
        with connection.transaction():
            waiting = count_waiting(connection, table, after=progress.sent_to)
            rows = waiting.row_count
            loaded = round(rows * measure_row(connection, table)) if rows else 0
        if waiting.since and waiting.until:
            until = end_of_month(start_of_month(waiting.until))
            there = target.estimate_add(table, since=start_of_month(waiting.since), until=until)
            billed = there + (loaded if target.bills_bytes else 0)
    else:
        billed = RENEWAL_READS * target.estimate_compare(table, since=start_of_recent(now))
    compared = target.estimate_compare(table)
    return ExportEstimate(
        warehouse.name,
        table.mart.name,
        rows,
        loaded,
        billed,
        compared,
        billed / TIB * dollars_per_tib,
        compared / TIB * dollars_per_tib,
    )
