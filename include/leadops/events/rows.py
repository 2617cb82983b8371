"""The rows of a CSV or JSONL file, one at a time; a broken row is told, and the next one read."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from leadops.errors import PermanentError

#: Characters in one cell; the csv module's own limit is 131,072.
LARGEST_CELL = 1_000_000


@dataclass(frozen=True)
class Row:
    """A row's number (the line on which it ends), its cells without the empty ones, what is wrong with it."""

    number: int
    values: dict[str, Any]
    fault: str | None = None


def read_rows(stream: BinaryIO, *, kind: str, columns: set[str]) -> Iterator[Row]:
    """Yield the rows of `stream`, UTF-8; `kind` is csv (with a header) or jsonl (an object a line).

    Raises PermanentError where a CSV lacks one of `columns`. Bytes that are no UTF-8 come as lone
    surrogates, which whoever takes the events will refuse row by row.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    yield from _read_csv(text, columns) if kind == "csv" else _read_jsonl(text)


def _read_csv(text: io.TextIOWrapper, columns: set[str]) -> Iterator[Row]:
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.DictReader(text)
    header = list(reader.fieldnames or [])
    if missing := columns - set(header):
        raise PermanentError(
            f"the file has no column {', '.join(sorted(missing))}; it has {', '.join(header) or 'no header'}"
        )
    while True:
        try:
            cells: dict[Any, Any] = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(reader.line_num, {}, f"no CSV: {error}")
            continue
        values = {column: cell for column, cell in cells.items() if column is not None and cell}
        wrong_width = None in cells or None in cells.values()
        yield Row(reader.line_num, values, f"the header has {len(header)} cells" if wrong_width else None)


def _read_jsonl(text: io.TextIOWrapper) -> Iterator[Row]:
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            yield Row(number, {}, "the line is no JSON")
            continue
        if isinstance(values, dict):
            yield Row(number, values)
        else:
            yield Row(number, {}, "the line is no JSON object")
