"""What the DAG and the commands do with each warehouse: export, compare, repair. One at a time in each."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from leadops.db import Connection
from leadops.errors import LeadopsError, PermanentError, TransientError
from leadops.locks import Lock, trying_lock
from leadops.warehouse.compare_warehouse import compare_warehouse
from leadops.warehouse.export_marts import TargetAheadError, export_mart
from leadops.warehouse.export_progress import find_progress, note_sent
from leadops.warehouse.follow_erasures import follow_erasures
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.partition_differences import ALL, forget_difference, list_differences
from leadops.warehouse.partitions import parse_month
from leadops.warehouse.repair_partitions import replace_differing

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class TargetBusyError(TransientError):
    """Another process exports to the target, compares or repairs it."""


def export_warehouses(
    connection: Connection,
    warehouses: Sequence[Warehouse],
    *,
    piece_rows: int,
    clock: Clock,
    mart: str | None = None,
) -> dict[str, int]:
    """Send what changed to each warehouse, and let it follow erasures; return the rows by warehouse.

    A mart or a warehouse that fails keeps no other one waiting; then the first error is raised in the end.
    """
    sent: dict[str, int] = {}
    failed: list[LeadopsError] = []
    for warehouse in warehouses:
        with _holding(connection, warehouse):
            sent[warehouse.name] = 0
            tables = choose_tables(warehouse, mart)
            done, ahead = [], 0
            for table in tables:
                try:
                    sent[warehouse.name] += export_mart(
                        connection, warehouse, table, piece_rows=piece_rows, clock=clock
                    )
                    done.append(table)
                except LeadopsError as error:
                    log.warning("%s: %s was not sent: %s", warehouse.name, table.mart.name, error)
                    failed.append(error)
                    ahead += isinstance(error, TargetAheadError)
            # A target that is ahead may be somebody else's; a repair replaces what differs in it.
            if mart is None and len(done) + ahead == len(tables):
                follow_erasures(connection, warehouse, done, clock=clock)
    if failed:
        raise failed[0]
    return sent


def compare_warehouses(
    connection: Connection,
    warehouses: Sequence[Warehouse],
    *,
    clock: Clock,
    mart: str | None = None,
) -> int:
    """Put on record in which months the warehouses differ; return how many there are.

    Marts without change numbers, which show what is known now and no more, are first brought up to date; and
    each warehouse tidies what many exports left.
    """
    found = 0
    for warehouse in warehouses:
        with _holding(connection, warehouse):
            found += compare_warehouse(connection, warehouse, choose_tables(warehouse, mart), clock=clock)
    return found


def repair_warehouses(
    connection: Connection,
    warehouses: Sequence[Warehouse],
    *,
    clock: Clock,
    mart: str | None = None,
    dry_run: bool = False,
) -> list[tuple[str, str, str]]:
    """Replace the months that are on record as different, and no others; return (warehouse, mart, month).

    Of a target that is ahead of this database, every month that differs is replaced. With `dry_run` nothing
    is done.
    """
    repaired = []
    for warehouse in warehouses:
        with _holding(connection, warehouse):
            for table in choose_tables(warehouse, mart):
                partitions = [
                    difference.partition
                    for difference in list_differences(connection)
                    if (difference.target, difference.mart) == (warehouse.name, table.mart.name)
                ]
                if partitions and not dry_run:
                    _repair_mart(connection, warehouse, table, partitions=partitions, clock=clock)
                repaired += [(warehouse.name, table.mart.name, partition) for partition in partitions]
    return repaired


def _repair_mart(
    connection: Connection,
    warehouse: Warehouse,
    table: MartTable,
    *,
    partitions: Sequence[str],
    clock: Clock,
) -> None:
    target = warehouse.target_for(table)
    last = find_progress(connection, warehouse.name, table).promised_to
    target.prepare(table)
    is_ahead = ALL in partitions
    months = None if is_ahead else {parse_month(partition) for partition in partitions}
    replace_differing(connection, target, table, last=last, months=months)
    if is_ahead:
        target.promise(table, last)
        note_sent(connection, warehouse.name, table, last=last, now=clock())
    for partition in partitions:
        forget_difference(connection, warehouse.name, table, partition=partition)


def choose_tables(warehouse: Warehouse, mart: str | None) -> list[MartTable]:
    """Return the tables of a warehouse, or the one of a mart; raises PermanentError for an unknown mart."""
    tables = warehouse.list_tables()
    if mart is None:
        return tables
    found = [table for table in tables if table.mart.name == mart]
    if not found:
        names = ", ".join(table.mart.name for table in tables)
        raise PermanentError(f"{warehouse.name} has no mart {mart}; it has {names}")
    return found


@contextmanager
def _holding(connection: Connection, warehouse: Warehouse) -> Iterator[None]:
    """Keep every other process away from the target; raises TargetBusyError where one works on it."""
    with trying_lock(connection, Lock.WAREHOUSE, warehouse.name) as is_mine:
        if not is_mine:
            raise TargetBusyError(f"another process works on the warehouse {warehouse.name}; try again later")
        yield
