"""Compares the marts with their copies, month by month: counts, sums and a hash over all rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.partition_differences import keep_differences, record_difference
from leadops.warehouse.partitions import FIRST, LAST, NO_ROWS, Fingerprint, Fingerprints, name_month
from leadops.warehouse.read_marts import read_fingerprints
from leadops.warehouse.warehouse_target import WarehouseTarget


class BothSides(NamedTuple):
    """A month here and there."""

    own: Fingerprint
    theirs: Fingerprint


def find_differing(
    connection: Connection,
    target: WarehouseTarget,
    table: MartTable,
    *,
    last: int,
    since: datetime = FIRST,
    until: datetime = LAST,
) -> Mapping[datetime, BothSides]:
    """Return the months in [since, until) whose rows are not the same on both sides, up to `last`."""
    with connection.transaction():
        own = read_fingerprints(connection, table, last=last, since=since, until=until)
    return pair_months(own, target.read_fingerprints(table, since=since, until=until))


def pair_months(own: Fingerprints, theirs: Fingerprints) -> Mapping[datetime, BothSides]:
    """Return the months that are not the same on both sides, in their order."""
    return {
        month: BothSides(own.get(month, NO_ROWS), theirs.get(month, NO_ROWS))
        for month in sorted({*own, *theirs})
        if own.get(month) != theirs.get(month)
    }


def record_differing(
    connection: Connection,
    name: str,
    table: MartTable,
    differing: Mapping[datetime, BothSides],
    *,
    now: datetime,
) -> None:
    """Put on record in which months the target `name` differs; commits.

    What is on record and does not differ any more is forgotten.
    """
    for month, sides in differing.items():
        record_difference(
            connection,
            name,
            table,
            partition=name_month(month),
            own_rows=sides.own.row_count,
            their_rows=sides.theirs.row_count,
            now=now,
        )
    keep_differences(connection, name, table, partitions=[name_month(month) for month in differing])
