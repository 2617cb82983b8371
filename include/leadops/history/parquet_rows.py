"""The rows of a Parquet file, a batch at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path

from leadops.errors import PermanentError
from leadops.tabular.file_row import FileRow

BATCH_ROWS = 2_000


def read_parquet(path: Path, *, columns: list[str], tell: Callable[[float], None]) -> Iterator[FileRow]:
    """Yield the rows of the Parquet file at `path`, counted from 1; see file_rows.read_rows."""
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if missing := [name for name in columns if name not in names]:
                raise PermanentError(f"{path}: has no column {', '.join(missing)}; it has {', '.join(names)}")
            total, number = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=columns):
                tell(number / total)
                for values in batch.to_pylist():
                    number += 1
                    yield FileRow(number, values)
    except (pyarrow.ArrowException, OSError) as error:
        raise PermanentError(f"{path}: is not a readable Parquet file") from error
