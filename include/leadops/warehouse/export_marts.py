"""Sends what changed in a mart to a target: promise, stage, add, note.

Four steps for each piece. The database notes up to which change number rows will be sent, and the target
remembers it too; the rows are written to a Parquet file of this machine; the target adds those that it lacks;
the database notes that it has them. After a kill the next export sends the same piece again.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.warehouse.export_progress import (
    ExportProgress,
    find_progress,
    note_columns,
    note_complete,
    note_sent,
    promise_rows,
)
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.partition_differences import ALL, record_difference
from leadops.warehouse.read_marts import find_last_number, stage_changes
from leadops.warehouse.renew_live_mart import renew_recent
from leadops.warehouse.repair_partitions import replace_differing


class TargetAheadError(PermanentError):
    """A target has what this database never sent, as after the restore of an older backup."""


def export_mart(
    connection: Connection,
    warehouse: Warehouse,
    table: MartTable,
    *,
    piece_rows: int,
    clock: Callable[[], datetime],
) -> int:
    """Send every row that `warehouse` does not have yet, in pieces; return how many were sent; commits.

    The caller holds the target's lock. Raises TargetAheadError where the target knows more than the database,
    and whatever the target raises; what was sent stays sent. Of a mart without change numbers the recent
    months are renewed, and the others by a compare.
    """
    began_at = clock()
    if table.number is None:
        sent = renew_recent(connection, warehouse.target_for(table), table, now=clock())
        find_progress(connection, warehouse.name, table)
        note_sent(connection, warehouse.name, table, last=0, now=clock())
        return sent
    progress = begin_export(connection, warehouse, table, clock=clock)
    sent = 0
    while piece := _choose_piece(connection, warehouse, table, progress, piece_rows=piece_rows):
        after, last = piece
        sent += _send_piece(connection, warehouse, table, after=after, last=last, clock=clock)
        progress = ExportProgress(last, None, progress.columns)
    note_complete(connection, warehouse.name, table, at=began_at)
    return sent


def finish_piece(
    connection: Connection, warehouse: Warehouse, table: MartTable, *, clock: Callable[[], datetime]
) -> ExportProgress:
    """Send the piece that an export began and did not finish, and nothing else; return the progress; commits.

    Until then the target may have some of its rows. The caller holds the target's lock. Raises
    TargetAheadError, and whatever the target raises.
    """
    progress = begin_export(connection, warehouse, table, clock=clock)
    if progress.sending_to is None:
        return progress
    after, last = progress.sent_to, progress.sending_to
    warehouse.target_for(table).promise(table, last)
    _send_piece(connection, warehouse, table, after=after, last=last, clock=clock)
    return ExportProgress(last, None, progress.columns)


def _send_piece(
    connection: Connection,
    warehouse: Warehouse,
    table: MartTable,
    *,
    after: int,
    last: int,
    clock: Callable[[], datetime],
) -> int:
    """Send the rows in (after, last], which both sides have promised; return how many there are."""
    with TemporaryDirectory() as folder:
        rows = stage_changes(connection, table, Path(folder) / "rows.parquet", after=after, last=last)
        if rows.row_count:
            warehouse.target_for(table).add(table, rows, after=after, last=last)
    note_sent(connection, warehouse.name, table, last=last, now=clock())
    return rows.row_count


def begin_export(
    connection: Connection, warehouse: Warehouse, table: MartTable, *, clock: Callable[[], datetime]
) -> ExportProgress:
    """Make a table with change numbers fit, and return the progress; raises TargetAheadError."""
    name, target = warehouse.name, warehouse.target_for(table)
    progress = find_progress(connection, name, table)
    has_rows = target.prepare(table)
    if ahead := find_ahead(connection, warehouse, table, clock=clock):
        raise TargetAheadError(
            f"{name} has changes of {table.mart.name} up to {ahead}, this database sent them up to"
            f" {progress.promised_to} only: it was restored from an older state, or another installation"
            " exports to the same place; see the runbook warehouse_differs"
        )
    if progress.sent_to and not has_rows and not target.read_promise(table):
        note_sent(connection, name, table, last=0, now=clock())
        progress = find_progress(connection, name, table)
    if set(table.names) - set(progress.columns):
        replace_differing(connection, target, table, last=progress.sent_to)
        note_columns(connection, name, table)
    return progress


def find_ahead(
    connection: Connection, warehouse: Warehouse, table: MartTable, *, clock: Callable[[], datetime]
) -> int | None:
    """Return up to where a target knows changes that were never sent from here, and record that; or None."""
    if table.number is None:
        return None
    progress = find_progress(connection, warehouse.name, table)
    promised = warehouse.target_for(table).read_promise(table)
    if promised <= progress.promised_to:
        return None
    record_difference(
        connection,
        warehouse.name,
        table,
        partition=ALL,
        own_rows=progress.promised_to,
        their_rows=promised,
        now=clock(),
    )
    return promised


def _choose_piece(
    connection: Connection,
    warehouse: Warehouse,
    table: MartTable,
    progress: ExportProgress,
    *,
    piece_rows: int,
) -> tuple[int, int] | None:
    """Return (after, last) of what is sent next, once both sides have promised it; None: nothing."""
    after = progress.sent_to
    last = progress.sending_to
    if last is None:
        with connection.transaction():
            last = find_last_number(connection, table, after=after, max_rows=piece_rows)
        if last is None:
            return None
        promise_rows(connection, warehouse.name, table, last=last)
    warehouse.target_for(table).promise(table, last)
    return after, last
