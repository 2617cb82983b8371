"""Export of a large ledger to Parquet, an hour of changes after it, and the compare of everything.

Beside it the bare price of the same rows: PostgreSQL alone, whose COPY goes nowhere.
"""

import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.arena import open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.statements import read_statement
from leadops.configuration import Config
from leadops.db import Connection
from leadops.marts.publish_changes import publish_changes
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.parquet_target import ParquetTarget
from leadops.warehouse.run_warehouses import compare_warehouses, export_warehouses

HOUR_ROWS = 10_000


def measure_warehouse(*, quick: bool) -> Measured:
    """Export, change and compare."""
    rows, leads = (200_000, 1_000) if quick else (10_000_000, 100_000)
    with open_arena() as arena, arena.connect() as connection, TemporaryDirectory() as folder:
        warehouse = Warehouse("folder", ParquetTarget(folder))
        _append(connection, rows=rows, leads=leads)
        first = _export(connection, warehouse)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
        copy = _time_copy(connection)
        _append(connection, rows=HOUR_ROWS, leads=leads)
        hour = _export(connection, warehouse)
        began = time.perf_counter()
        differing = compare_warehouses(connection, [warehouse], clock=_now)
        compare = time.perf_counter() - began
    return Measured(
        figures=[
            Figure("first export of the ledger", rows / first, "rows/s", "at least", 200_000),
            Figure("PostgreSQL's COPY of the same rows alone", rows / copy, "rows/s"),
            Figure("Parquet of a row", size / rows, "bytes"),
            Figure(f"an hour with {HOUR_ROWS:,} changes", hour, "s", "at most", 10),
            Figure("compare of the whole ledger", compare, "s"),
            Figure("months that differ", differing, "", "at most", 0),
        ],
        remarks=[f"{rows:,} rows of {leads:,} leads in {60} months; a folder on this machine"],
    )


def _append(connection: Connection, *, rows: int, leads: int) -> None:
    connection.execute(read_statement("fill_export"), {"rows": rows, "leads": leads})
    connection.commit()


def _export(connection: Connection, warehouse: Warehouse) -> float:
    began = time.perf_counter()
    publish_changes(connection, now=_now())
    export_warehouses(connection, [warehouse], piece_rows=Config().warehouse.piece_rows, clock=_now)
    return time.perf_counter() - began


def _time_copy(connection: Connection) -> float:
    began = time.perf_counter()
    with (
        connection.transaction(),
        connection.cursor() as cursor,
        cursor.copy("copy (select * from mart.ledger order by ledger_id) to stdout (format csv)") as copy,
    ):
        for _ in copy:
            pass
    return time.perf_counter() - began


def _now() -> datetime:
    return datetime.now(UTC)
