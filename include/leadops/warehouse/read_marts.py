"""Reads marts from PostgreSQL into Parquet, by COPY and a page at a time; and their fingerprints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import RawIOBase
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from leadops.db import Connection
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.partitions import FIRST, LAST, Fingerprint, Fingerprints
from leadops.warehouse.statements import for_postgres

#: Bytes of CSV that become one batch of rows.
BLOCK = 8 * 1024 * 1024
#: Of files that lie only until they are sent; and of those that stay.
QUICK, COMPRESSION = "snappy", "zstd"


@dataclass(frozen=True)
class StagedRows:
    """Rows in a Parquet file of this machine; `since` and `until`: their first and last moment."""

    path: Path
    row_count: int
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class WaitingRows:
    """What a target does not have yet."""

    row_count: int
    since: datetime | None
    until: datetime | None


def find_last_number(connection: Connection, table: MartTable, *, after: int, max_rows: int) -> int | None:
    """Return the change number with which the next `max_rows` rows end; None: there are none."""
    statement = for_postgres("find_last", table)
    row = connection.execute(statement, {"after": after, "max_rows": max_rows}).fetchone()
    return row[0] if row else None


def count_waiting(connection: Connection, table: MartTable, *, after: int) -> WaitingRows:
    """Return how many rows follow the change number `after`, and in which time they happened."""
    row = connection.execute(for_postgres("count_waiting", table), {"after": after}).fetchone()
    return WaitingRows(*(row or (0, None, None)))


def stage_changes(
    connection: Connection, table: MartTable, path: Path, *, after: int, last: int
) -> StagedRows:
    """Write the rows with a change number in (after, last] to `path`."""
    return _stage(connection, table, path, for_postgres("copy_changes", table, after=after, last=last))


def stage_partition(
    connection: Connection, table: MartTable, path: Path, *, since: datetime, until: datetime, last: int
) -> StagedRows:
    """Write the rows in [since, until) up to the change number `last` to `path`."""
    statement = for_postgres("copy_partition", table, since=since, until=until, last=last)
    return _stage(connection, table, path, statement)


def stage_leads(
    connection: Connection, table: MartTable, path: Path, *, lead_ids: Sequence[int], last: int
) -> StagedRows:
    """Write the rows of these leads up to the change number `last` to `path`."""
    statement = for_postgres("copy_leads", table, lead_ids=list(lead_ids), last=last)
    return _stage(connection, table, path, statement)


def measure_row(connection: Connection, table: MartTable, *, max_rows: int = 1000) -> float:
    """Return the mean bytes of a row in memory, by some rows of the mart."""
    rows = size = 0
    for batch in _read(connection, table, for_postgres("copy_sample", table, max_rows=max_rows)):
        rows, size = rows + batch.num_rows, size + batch.nbytes
    return size / rows if rows else 0.0


def read_fingerprints(
    connection: Connection,
    table: MartTable,
    *,
    last: int,
    since: datetime = FIRST,
    until: datetime = LAST,
) -> Fingerprints:
    """Return the fingerprint of each month in [since, until), of the rows up to the change number `last`."""
    rows = connection.execute(for_postgres("fingerprint", table, last=last, since=since, until=until))
    return {month: Fingerprint(*values) for month, *values in rows}


def make_schema(table: MartTable) -> Any:
    """Return the columns of `table` as a schema of pyarrow."""
    import pyarrow

    return pyarrow.schema(
        [
            pyarrow.field(column.name, column.type.arrow(), nullable=column.may_be_null)
            for column in table.columns
        ]
    )


def _stage(connection: Connection, table: MartTable, path: Path, statement: sql.Composed) -> StagedRows:
    import pyarrow.compute as compute
    import pyarrow.parquet

    rows, since, until = 0, None, None
    # Dictionaries would cost a tenth of the time, and the file is smaller without them.
    with pyarrow.parquet.ParquetWriter(
        path, make_schema(table), compression=QUICK, use_dictionary=False
    ) as writer:
        for batch in _read(connection, table, statement):
            writer.write_batch(batch)
            rows += batch.num_rows
            span = compute.min_max(batch[table.moment]).as_py()
            since = min(filter(None, (since, span["min"])))
            until = max(filter(None, (until, span["max"])))
    return StagedRows(path, rows, since, until)


def _read(connection: Connection, table: MartTable, statement: sql.Composed) -> Iterator[Any]:
    import pyarrow.csv

    schema = make_schema(table)
    with connection.transaction(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        source = _CopyStream(copy)
        first = source.peek()
        if not first:
            return
        reader = pyarrow.csv.open_csv(
            source,
            read_options=pyarrow.csv.ReadOptions(column_names=schema.names, block_size=BLOCK),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={field.name: field.type for field in schema},
                null_values=[""],
                true_values=["t"],
                false_values=["f"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        for batch in reader:
            yield batch.cast(schema)


class _CopyStream(RawIOBase):
    """The bytes of a COPY as a file: psycopg gives them row by row."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy
        self._kept = b""

    def peek(self) -> bytes:
        """Return what comes first without taking it; empty: there is nothing."""
        if not self._kept:
            self._kept = bytes(self._copy.read())
        return self._kept

    def readable(self) -> bool:
        """Return that this can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to about `size` bytes, whole rows; empty at the end."""
        parts, length = [self._kept] if self._kept else [], len(self._kept)
        self._kept = b""
        while size < 0 or length < size:
            part = bytes(self._copy.read())
            if not part:
                break
            parts.append(part)
            length += len(part)
        whole = b"".join(parts)
        if 0 <= size < len(whole):
            whole, self._kept = whole[:size], whole[size:]
        return whole
