"""Marts as Parquet files in a folder or on any other store that fsspec reaches.

    TABLE/happened_month=2026-05/00000000000000000001-00000000000000004180.parquet

A file holds the rows of a month with the change numbers that its name says, and is never changed. One whose
numbers lie within those of another file of the month has been replaced by it: it counts no more, and is
deleted. So a repeated export writes the same file again, and what a killed one left behind is replaced.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from leadops.warehouse.arrow_fingerprint import add_fingerprints, fingerprint
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.month_file import MonthFile
from leadops.warehouse.month_writers import ROWS, write_months
from leadops.warehouse.parquet_store import ParquetStore
from leadops.warehouse.partitions import FIRST, Fingerprint, Fingerprints, start_of_month
from leadops.warehouse.read_marts import COMPRESSION, StagedRows, make_schema

#: Files of a month from which on a night makes one of them.
MANY_FILES = 8


class ParquetTarget:
    """The store that `url` names (a folder, file://, s3://, gs://, memory:// …); `options` go to fsspec."""

    bills_bytes = False

    def __init__(self, url: str, *, options: Mapping[str, Any] | None = None) -> None:
        self._store = ParquetStore(url, options=options)

    def prepare(self, table: MartTable) -> bool:
        """Return whether files lie there; a column that older files lack is null in them."""
        return bool(self.list_files(table))

    def read_promise(self, table: MartTable) -> int:
        """Return the number that the store remembers."""
        return self._store.read_promise(table)

    def promise(self, table: MartTable, last: int) -> None:
        """Let the store remember it."""
        self._store.write_promise(table, last)

    def add(self, table: MartTable, rows: StagedRows, *, after: int, last: int) -> None:
        """Write a file for each month of `rows`."""
        with TemporaryDirectory() as folder:
            for month, path in write_months(table, rows.path, Path(folder)):
                self._store.put(table, MonthFile(month, after, last), path)

    def replace_partition(self, table: MartTable, rows: StagedRows, *, month: datetime, last: int) -> None:
        """Write one file for the month, and delete the others."""
        wanted = MonthFile(month, 0, last) if rows.row_count else None
        if wanted:
            self._store.put(table, wanted, rows.path)
        present = self._store.list_files(table, month=month, all_files=True)
        self._store.delete(table, [file for file in present if file != wanted])

    def replace_leads(
        self, table: MartTable, rows: StagedRows, *, lead_ids: Sequence[int], last: int
    ) -> None:
        """Write the months again in which these leads have rows, before or now."""
        import pyarrow
        import pyarrow.compute as compute
        import pyarrow.parquet

        leads = pyarrow.array(lead_ids, pyarrow.int64())
        new = pyarrow.parquet.read_table(rows.path).cast(_make_lenient_schema(table))
        new_months = compute.floor_temporal(new[table.moment], unit="month")
        months = set(new_months.unique().to_pylist())
        for file in self.list_files(table):
            column = self._read(table, file, ["lead_id"])["lead_id"]
            if compute.any(compute.is_in(column, leads)).as_py():
                months.add(file.month)
        for month in sorted(months):
            kept = self._read_month(table, month)
            others = kept.filter(compute.invert(compute.is_in(kept["lead_id"], leads)))
            own = new.filter(compute.equal(new_months, pyarrow.scalar(month, new_months.type)))
            self._write_month(table, month, pyarrow.concat_tables([others, own]), last=last)

    def read_fingerprints(self, table: MartTable, *, since: datetime, until: datetime) -> Fingerprints:
        """Read the files of these months."""
        found: dict[datetime, Fingerprint] = {}
        for file in self.list_files(table):
            if start_of_month(since) <= file.month < until:
                for batch in self._read(table, file).to_batches(max_chunksize=ROWS):
                    add_fingerprints(found, fingerprint(table, batch))
        return found

    def tidy(self, table: MartTable) -> None:
        """Make one file of a month that has many."""
        counts: dict[datetime, list[MonthFile]] = {}
        for file in self.list_files(table):
            counts.setdefault(file.month, []).append(file)
        for month, files in counts.items():
            if len(files) >= MANY_FILES:
                last = max(file.last for file in files)
                self._write_month(table, month, self._read_month(table, month), last=last)

    def estimate_add(self, table: MartTable, *, since: datetime, until: datetime) -> int:  # noqa: ARG002
        """Return 0: nobody bills a folder by bytes read."""
        return 0

    def estimate_compare(self, table: MartTable, *, since: datetime = FIRST) -> int:  # noqa: ARG002
        """Return 0."""
        return 0

    def list_files(self, table: MartTable) -> list[MonthFile]:
        """Return the files that count."""
        return self._store.list_files(table)

    def _read(self, table: MartTable, file: MonthFile, columns: Sequence[str] | None = None) -> Any:
        """Return a file as a table with all columns of `table`; those that it lacks are null."""
        import pyarrow
        import pyarrow.parquet

        with self._store.open(table, file) as source:
            file_reader = pyarrow.parquet.ParquetFile(source)
            present = file_reader.schema_arrow.names
            schema = _make_lenient_schema(table)
            wanted = [field for field in schema if columns is None or field.name in columns]
            read = file_reader.read(columns=[field.name for field in wanted if field.name in present])
        arrays = [
            read[field.name].cast(field.type)
            if field.name in read.column_names
            else pyarrow.nulls(len(read), field.type)
            for field in wanted
        ]
        return pyarrow.table(arrays, schema=pyarrow.schema(wanted))

    def _read_month(self, table: MartTable, month: datetime) -> Any:
        import pyarrow

        tables = [self._read(table, file) for file in self._store.list_files(table, month=month)]
        return pyarrow.concat_tables([_make_lenient_schema(table).empty_table(), *tables])

    def _write_month(self, table: MartTable, month: datetime, content: Any, *, last: int) -> None:
        import pyarrow.parquet

        with TemporaryDirectory() as folder:
            path = Path(folder) / "month.parquet"
            if table.number:
                content = content.sort_by(table.number)
            pyarrow.parquet.write_table(content, path, compression=COMPRESSION)
            self.replace_partition(
                table, StagedRows(path, content.num_rows, None, None), month=month, last=last
            )


def _make_lenient_schema(table: MartTable) -> Any:
    """Return the schema in which every column may be null, as a new one is in older files."""
    import pyarrow

    return pyarrow.schema([field.with_nullable(True) for field in make_schema(table)])
