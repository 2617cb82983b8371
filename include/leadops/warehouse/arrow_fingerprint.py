"""The fingerprint of rows in memory: the same text, hash and sums as PostgreSQL and BigQuery make of them."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leadops.warehouse.mart_table import MartTable, TableColumn
from leadops.warehouse.partitions import NO_ROWS, Fingerprint

SEPARATOR, NULL = "\x1f", "\x1e"


def fingerprint(table: MartTable, batch: Any) -> dict[datetime, Fingerprint]:
    """Return the fingerprint of each month of a batch of rows."""
    import pyarrow.compute as compute

    months = compute.floor_temporal(batch[table.moment], unit="month")
    present = compute.unique(months)
    found = {}
    for month in present:
        part = batch if len(present) == 1 else batch.filter(compute.equal(months, month))
        found[month.as_py()] = _measure(table, part)
    return found


def add_fingerprints(total: dict[datetime, Fingerprint], more: Mapping[datetime, Fingerprint]) -> None:
    """Add the fingerprints of other rows to those of `total`."""
    for month, part in more.items():
        known = total.get(month, NO_ROWS)
        total[month] = Fingerprint(
            known.row_count + part.row_count, known.total + part.total, known.hash + part.hash
        )


def _measure(table: MartTable, batch: Any) -> Fingerprint:
    import pyarrow.compute as compute

    columns = {column.name: _count_up(batch[column.name], column) for column in table.columns}
    texts = [compute.fill_null(values.cast("string"), NULL) for values in columns.values()]
    rows = compute.binary_join_element_wise(*texts, SEPARATOR).to_pylist()
    sums = (
        compute.sum(columns[column.name]).as_py() or 0 for column in table.columns if column.type.is_number
    )
    return Fingerprint(
        len(rows),
        sum(sums),
        sum(int.from_bytes(hashlib.md5(row.encode()).digest()[:4], "big") for row in rows),  # noqa: S324  # no secret
    )


def _count_up(values: Any, column: TableColumn) -> Any:
    """Return times, numerics and booleans as whole numbers, and other values as they are."""
    import pyarrow
    import pyarrow.compute as compute

    kind = values.type
    if pyarrow.types.is_boolean(kind):
        return values.cast("int8")
    if pyarrow.types.is_date32(kind):
        return values.cast("int32")
    if pyarrow.types.is_timestamp(kind):
        return values.cast("int64")
    if pyarrow.types.is_floating(kind):
        return compute.floor(compute.multiply(values, 1_000_000.0)).cast("int64")
    if pyarrow.types.is_decimal(kind):
        factor = pyarrow.scalar(10**column.type.scale, pyarrow.decimal128(column.type.scale + 1, 0))
        return compute.multiply(values, factor).cast("int64")
    return values
