"""Marts as Parquet files in a folder or on any other store that fsspec reaches.

    TABLE/happened_month=2026-05/00000000000000000001-00000000000000004180.parquet

A file holds the rows of a month with the change numbers that its name says, and is never changed. One whose
numbers lie within those of another file of the month has been replaced by it: it counts no more, and is
deleted. So a repeated export writes the same file again, and what a killed one left behind is replaced.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from leadops.errors import PermanentError, TransientError
from leadops.warehouse.arrow_fingerprint import add_fingerprints, fingerprint
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.partitions import (
    FIRST,
    Fingerprint,
    Fingerprints,
    name_month,
    parse_month,
    start_of_month,
)
from leadops.warehouse.read_marts import COMPRESSION, StagedRows, make_schema

#: Files of a month from which on a night makes one of them.
MANY_FILES = 8
ROWS = 100_000
PROMISE = "_promised"
MONTH = "happened_month"
FILE = re.compile(rf"{MONTH}=(\d{{4}}-\d{{2}})/(\d{{20}})-(\d{{20}})\.parquet$")


@dataclass(frozen=True, order=True)
class MonthFile:
    """A file of a month with the rows in (after, last]."""

    month: datetime
    after: int
    last: int

    @property
    def name(self) -> str:
        """The path within the table's folder."""
        return f"{MONTH}={name_month(self.month)}/{self.after:020}-{self.last:020}.parquet"

    def replaces(self, other: "MonthFile") -> bool:
        """Whether the other file counts no more."""
        return (
            self.month == other.month
            and self.after <= other.after
            and other.last <= self.last
            and (self.after, self.last) != (other.after, other.last)
        )


class ParquetTarget:
    """The store that `url` names (a folder, file://, s3://, gs://, memory:// …); `options` go to fsspec."""

    bills_bytes = False

    def __init__(self, url: str, *, options: Mapping[str, Any] | None = None) -> None:
        import fsspec

        try:
            self._store, self._root = fsspec.core.url_to_fs(url, **(options or {}))
        except (ImportError, ValueError) as error:
            raise PermanentError(f"the store {url.split(':')[0]} cannot be opened: {error}") from error

    def prepare(self, table: MartTable) -> bool:
        """Return whether files lie there; a column that older files lack is null in them."""
        return bool(self.list_files(table))

    def read_promise(self, table: MartTable) -> int:
        """Return the number in the file _promised beside the months."""
        path = self._path(table, PROMISE)
        with _store_errors():
            return int(self._store.cat_file(path)) if self._store.exists(path) else 0

    def promise(self, table: MartTable, last: int) -> None:
        """Write the file _promised. After a step back, no file may claim numbers that are still to come."""
        is_back = last < self.read_promise(table)
        with _store_errors():
            for file in self.list_files(table) if is_back else ():
                if file.last > last:
                    fitting = MonthFile(file.month, min(file.after, last), last)
                    self._store.mv(self._path(table, file.name), self._path(table, fitting.name))
            self._store.makedirs(self._path(table), exist_ok=True)
            self._store.pipe_file(self._path(table, PROMISE), str(last).encode())

    def add(self, table: MartTable, rows: StagedRows, *, after: int, last: int) -> None:
        """Write a file for each month of `rows`."""
        import pyarrow.compute as compute
        import pyarrow.parquet

        with TemporaryDirectory() as folder:
            writers = _MonthWriters(Path(folder), make_schema(table))
            with pyarrow.parquet.ParquetFile(rows.path) as file:
                for batch in file.iter_batches(batch_size=ROWS):
                    months = compute.floor_temporal(batch[table.moment], unit="month")
                    present = compute.unique(months)
                    for month in present:
                        part = batch if len(present) == 1 else batch.filter(compute.equal(months, month))
                        writers.write(month.as_py(), part)
            for month, path in writers.close():
                self._put(table, MonthFile(month, after, last), path)

    def replace_partition(self, table: MartTable, rows: StagedRows, *, month: datetime, last: int) -> None:
        """Write one file for the month, and delete the others."""
        wanted = MonthFile(month, 0, last) if rows.row_count else None
        if wanted:
            self._put(table, wanted, rows.path)
        present = self.list_files(table, month=month, all_files=True)
        self._delete(table, [file for file in present if file != wanted])

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

    def list_files(
        self, table: MartTable, *, month: datetime | None = None, all_files: bool = False
    ) -> list[MonthFile]:
        """Return the files that count, of a month or all; with `all_files` those that others replaced too."""
        pattern = self._path(table, f"{MONTH}={name_month(month) if month else '*'}/*.parquet")
        with _store_errors():
            self._store.invalidate_cache()
            paths = self._store.glob(pattern)
        files = sorted(file for path in paths if (file := _parse_path(path)))
        if all_files:
            return files
        return [file for file in files if not any(other.replaces(file) for other in files)]

    def list_paths(self, table: MartTable) -> list[str]:
        """Return the paths of the files that count, for a reader of the same store."""
        return [self._path(table, file.name) for file in self.list_files(table)]

    def _path(self, table: MartTable, name: str = "") -> str:
        return "/".join(part for part in (self._root.rstrip("/"), table.relation, name) if part)

    def _put(self, table: MartTable, file: MonthFile, path: Path) -> None:
        """Put a local file in its place at once: nobody sees a part of it."""
        place = self._path(table, file.name)
        unready = f"{place}.unready"
        with _store_errors():
            self._store.makedirs(place.rpartition("/")[0], exist_ok=True)
            self._store.put_file(str(path), unready)
            self._store.mv(unready, place)
        present = self.list_files(table, month=file.month, all_files=True)
        self._delete(table, [other for other in present if file.replaces(other)])

    def _delete(self, table: MartTable, files: Sequence[MonthFile]) -> None:
        with _store_errors():
            for file in files:
                self._store.rm_file(self._path(table, file.name))

    def _read(self, table: MartTable, file: MonthFile, columns: Sequence[str] | None = None) -> Any:
        """Return a file as a table with all columns of `table`; those that it lacks are null."""
        import pyarrow
        import pyarrow.parquet

        with _store_errors(), self._store.open(self._path(table, file.name), "rb") as source:
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

        tables = [self._read(table, file) for file in self.list_files(table, month=month)]
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


class _MonthWriters:
    """A local Parquet file for each month that is written."""

    def __init__(self, folder: Path, schema: Any) -> None:
        self._folder, self._schema = folder, schema
        self._writers: dict[datetime, Any] = {}

    def write(self, month: datetime, batch: Any) -> None:
        """Append rows to the file of the month."""
        import pyarrow.parquet

        if month not in self._writers:
            self._writers[month] = pyarrow.parquet.ParquetWriter(
                self._folder / f"{name_month(month)}.parquet", self._schema, compression=COMPRESSION
            )
        self._writers[month].write_batch(batch)

    def close(self) -> Iterator[tuple[datetime, Path]]:
        """Finish the files, and yield each with its month."""
        for month, writer in self._writers.items():
            writer.close()
            yield month, self._folder / f"{name_month(month)}.parquet"


def _make_lenient_schema(table: MartTable) -> Any:
    """Return the schema in which every column may be null, as a new one is in older files."""
    import pyarrow

    return pyarrow.schema([field.with_nullable(True) for field in make_schema(table)])


def _parse_path(path: str) -> MonthFile | None:
    """Return what a path names; None: somebody else's file."""
    found = FILE.search(path)
    return MonthFile(parse_month(found[1]), int(found[2]), int(found[3])) if found else None


@contextmanager
def _store_errors() -> Iterator[None]:
    """Turn the errors of a store into ours, in one line and without its words: they may hold keys."""
    try:
        yield
    except PermissionError as error:
        raise PermanentError("the store of the marts refuses: check its credentials and rights") from error
    except OSError as error:
        raise TransientError(f"the store of the marts does not answer ({type(error).__name__})") from error
