"""Sorts rows into a local Parquet file for each month."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.partitions import name_month
from leadops.warehouse.read_marts import COMPRESSION, make_schema

#: Rows that are in memory at once.
ROWS = 100_000


def write_months(table: MartTable, path: Path, folder: Path) -> Iterator[tuple[datetime, Path]]:
    """Write the rows of the Parquet file `path` into `folder` by month; yield each file with its month."""
    import pyarrow.compute as compute
    import pyarrow.parquet

    writers = _MonthWriters(folder, make_schema(table))
    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS):
            months = compute.floor_temporal(batch[table.moment], unit="month")
            present = compute.unique(months)
            for month in present:
                part = batch if len(present) == 1 else batch.filter(compute.equal(months, month))
                writers.write(month.as_py(), part)
    yield from writers.close()


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
