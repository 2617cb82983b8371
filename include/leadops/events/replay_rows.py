"""The rows of a CSV or JSONL file of events, one at a time; a faulty row does not stop the next one."""

import csv
import io
import json
from collections.abc import Iterator
from typing import BinaryIO

from leadops.errors import PermanentError
from leadops.tabular.file_format import FileFormat
from leadops.tabular.file_row import FileRow


def read_event_rows(
    stream: BinaryIO, *, kind: str, columns: set[str], file: FileFormat | None = None
) -> Iterator[FileRow]:
    """Yield the rows of `stream`; `kind` is csv (with a header, written as `file` says) or jsonl (UTF-8).

    A row's number is the line on which it begins; empty cells are left out. A row that is not CSV has the
    line on which it begins under "line". Raises PermanentError if a CSV lacks one of `columns` or is not in
    its encoding. Bytes that are not UTF-8 come as lone surrogates, which the CDP refuses.
    """
    if kind == "csv":
        yield from _read_csv(stream, columns, file or FileFormat())
    else:
        yield from _read_jsonl(stream)


def _read_csv(stream: BinaryIO, columns: set[str], file: FileFormat) -> Iterator[FileRow]:
    encoding = file.find_encoding(stream)
    try:
        yield from _read_rows(stream, columns, file)
    except UnicodeError as error:
        raise PermanentError(f"the file is not {encoding}; set file.encoding in the mapping") from error


def _read_rows(stream: BinaryIO, columns: set[str], file: FileFormat) -> Iterator[FileRow]:
    reader = file.open_csv(stream)
    line = f"line {file.skip_lines + 1}" if file.skip_lines else "the first line"
    try:
        header = reader.read_header()
    except csv.Error as error:
        raise PermanentError(f"{line} is not a header: {error}") from error
    if missing := columns - set(header):
        hint = "; does the header stand further down? set file.skip_lines" if missing == columns else ""
        raise PermanentError(
            f"the file has no column {', '.join(sorted(missing))};"
            f" it has {', '.join(header) or 'no header'}{hint}"
        )
    for row in reader:
        if row.fault:
            yield FileRow(row.first_line, {"line": row.beginning}, row.fault)
            continue
        values = {column: cell for column, cell in zip(header, row.cells, strict=False) if cell}
        wrong_width = len(row.cells) != len(header)
        yield FileRow(row.first_line, values, f"the header has {len(header)} cells" if wrong_width else None)


def _read_jsonl(stream: BinaryIO) -> Iterator[FileRow]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
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
