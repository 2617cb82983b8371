"""The rows of a CSV or JSONL file of events, one at a time; a faulty row does not stop the next one."""

import csv
import io
import json
from collections.abc import Iterator
from typing import BinaryIO

from leadops.errors import PermanentError
from leadops.tabular.csv_reader import CsvReader
from leadops.tabular.file_row import FileRow


def read_event_rows(stream: BinaryIO, *, kind: str, columns: set[str]) -> Iterator[FileRow]:
    """Yield the rows of `stream`, UTF-8; `kind` is csv (with a header) or jsonl (an object a line).

    A row's number is the line on which it ends; empty cells are left out. Raises PermanentError if a CSV
    lacks one of `columns`. Bytes that are not UTF-8 come as lone surrogates, which the CDP refuses.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    yield from _read_csv(text, columns) if kind == "csv" else _read_jsonl(text)


def _read_csv(text: io.TextIOWrapper, columns: set[str]) -> Iterator[FileRow]:
    reader = CsvReader(text)
    try:
        header = reader.read_header()
    except csv.Error as error:
        raise PermanentError(f"the first line is not a header: {error}") from error
    if missing := columns - set(header):
        raise PermanentError(
            f"the file has no column {', '.join(sorted(missing))}; it has {', '.join(header) or 'no header'}"
        )
    for row in reader:
        values = {column: cell for column, cell in zip(header, row.cells, strict=False) if cell}
        wrong_width = len(row.cells) != len(header)
        fault = row.fault or (f"the header has {len(header)} cells" if wrong_width else None)
        yield FileRow(row.last_line, values, fault)


def _read_jsonl(text: io.TextIOWrapper) -> Iterator[FileRow]:
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            yield FileRow(number, {}, "the line is not JSON")
            continue
        if isinstance(values, dict):
            yield FileRow(number, values)
        else:
            yield FileRow(number, {}, "the line is not a JSON object")
