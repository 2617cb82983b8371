"""The rows of a CSV export in any encoding."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from leadops.errors import PermanentError
from leadops.tabular.csv_reader import CsvReader
from leadops.tabular.file_format import FileFormat
from leadops.tabular.file_row import FileRow

#: Rows between two reports of the progress.
REPORT_ROWS = 1000


def read_csv(
    path: Path, *, file: FileFormat, columns: list[str], tell: Callable[[float], None]
) -> Iterator[FileRow]:
    """Yield the rows of the CSV at `path`; see file_rows.read_rows.

    Columns without a name are left out, and so are empty cells beyond the header's. Bytes that are not in
    the encoding come as lone surrogates, for which the row is refused if such a cell is needed.
    """
    with path.open("rb") as stream:
        encoding = file.find_encoding(stream)
        size = max(1, path.stat().st_size)
        try:
            reader = file.open_csv(stream)
            header = _read_header(path, reader, columns, file)
            for count, row in enumerate(_read_body(reader, header, columns)):
                if count % REPORT_ROWS == 0:
                    tell(min(1.0, stream.tell() / size))
                yield row
        except UnicodeError as error:
            raise PermanentError(f"{path}: is not {encoding}; set file.encoding in the mapping") from error


def _read_header(path: Path, reader: CsvReader, columns: list[str], file: FileFormat) -> list[str]:
    line = f"line {file.skip_lines + 1}" if file.skip_lines else "the first line"
    try:
        header = [name.strip() for name in reader.read_header()]
    except csv.Error as error:
        raise PermanentError(f"{path}: {line} is not a header: {error}") from error
    if missing := [name for name in columns if name not in header]:
        named = ", ".join(name.encode("utf-8", "replace").decode()[:60] for name in header[:60] if name)
        other = next((sign for sign in ";\t|," if sign != file.delimiter and sign in named), None)
        hint = f"; is the delimiter {other!r}? set file.delimiter" if len(header) == 1 and other else ""
        if not hint and len(missing) == len(columns):
            hint = "; does the header stand further down? set file.skip_lines"
        has = named or ("no names in its first line" if not file.skip_lines else f"no names in {line}")
        raise PermanentError(f"{path}: has no column {', '.join(missing)}; it has {has}{hint}")
    if twice := sorted({name for name in columns if header.count(name) > 1}):
        raise PermanentError(f"{path}: has the column {', '.join(twice)} twice; rename one of them")
    return header


def _read_body(reader: CsvReader, header: list[str], columns: list[str]) -> Iterator[FileRow]:
    wanted = [(name, header.index(name)) for name in columns]
    width = max((place + 1 for place, name in enumerate(header) if name), default=0)
    for row in reader:
        cells, fault = row.cells, row.fault
        if not fault and (len(cells) < width or any(cells[len(header) :])):
            count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            fault = f"has {count}, the header {len(header)}"
        if fault:
            yield FileRow(row.first_line, {"line": row.beginning}, fault=fault)
        else:
            yield FileRow(row.first_line, {name: cells[place] for name, place in wanted})
