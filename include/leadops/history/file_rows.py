"""Reads the rows of an export, one at a time: a faulty row is reported, and the next one read."""

from collections.abc import Callable, Iterator
from pathlib import Path

from leadops.errors import PermanentError
from leadops.history.csv_rows import read_csv
from leadops.history.parquet_rows import read_parquet
from leadops.tabular.file_format import FileFormat
from leadops.tabular.file_row import FileRow

#: What a file's first bytes say it is, whatever its name.
_SIGNATURES = {
    b"PK\x03\x04": "an Excel workbook or another archive; save it as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV (UTF-8)",
    b"\x1f\x8b": "compressed; unpack it first",
    b"%PDF": "a PDF; export a CSV",
}
CSV_ENDINGS, PARQUET_ENDINGS = (".csv", ".tsv", ".txt"), (".parquet", ".pq")


def read_rows(
    path: Path, *, file: FileFormat, columns: list[str], tell: Callable[[float], None]
) -> Iterator[FileRow]:
    """Yield the rows of `path`, .csv or .parquet, with `columns`; `tell` hears which part of it is read.

    A row's number is the line on which it begins (CSV) or its place from 1 (Parquet). Of a faulty row the
    `values` are the line on which it begins, as it stands, under "line". Memory does not grow with the file.
    Raises PermanentError, in one line that says what to change, if the file cannot be read, is empty or of
    another format, or lacks a column.
    """
    ending = path.suffix.lower()
    if path.is_dir():
        raise PermanentError(f"{path}: is a folder; give a file")
    if ending not in CSV_ENDINGS + PARQUET_ENDINGS:
        raise PermanentError(f"{path}: give a .csv or a .parquet file")
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise PermanentError(f"{path}: cannot be read: {error.strerror}") from error
    if not start:
        raise PermanentError(f"{path}: is empty; an export has at least a header")
    if (start == b"PAR1") != (ending in PARQUET_ENDINGS):
        kind = "Parquet; call it .parquet" if start == b"PAR1" else "not Parquet, whatever its name says"
        raise PermanentError(f"{path}: is {kind}")
    for signature, words in _SIGNATURES.items():
        if start.startswith(signature):
            raise PermanentError(f"{path}: is {words}")
    if ending in PARQUET_ENDINGS:
        yield from read_parquet(path, columns=columns, tell=tell)
    else:
        yield from read_csv(path, file=file, columns=columns, tell=tell)
