"""The rows of a CSV in any encoding; no cell, line or missing quote makes it hold more than a little."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from leadops.errors import PermanentError
from leadops.history.mapping import FileFormat
from leadops.history.rows import Row

#: Characters in one cell and in one line of the file; a row with more is refused.
LARGEST_CELL, LARGEST_LINE = 1_000_000, 4_000_000
#: Characters that are kept of a line that is no row.
LONGEST_KEPT = 1_000
#: Rows between two reports of how far it is.
REPORT_ROWS = 1000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_csv(
    path: Path, *, file: FileFormat, columns: list[str], tell: Callable[[float], None]
) -> Iterator[Row]:
    """Yield the rows of the CSV at `path`; see leadops.history.rows.read_rows.

    Columns without a name are left out, and so are empty cells beyond the header's. Bytes that are not in
    the encoding come as lone surrogates, by which the row is refused where such a cell is wanted.
    """
    with path.open("rb") as stream:
        encoding = next((name for mark, name in _MARKS if stream.peek(4).startswith(mark)), file.encoding)
        size = max(1, path.stat().st_size)
        text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
        lines = _Lines(text)
        csv.field_size_limit(LARGEST_CELL)
        reader = csv.reader(lines, delimiter=file.delimiter, quotechar=file.quote, strict=True)
        try:
            header = _read_header(path, reader, columns, file)
            for count, row in enumerate(_read_body(reader, lines, header, columns)):
                if count % REPORT_ROWS == 0:
                    tell(min(1.0, stream.tell() / size))
                yield row
        except UnicodeError as error:
            raise PermanentError(f"{path}: is not {encoding}; set file.encoding in the mapping") from error


class _Lines:
    """The lines of a text, each cut at LARGEST_LINE, and whether one of them had to be.

    `first` is the line with which the row that is being read began; None sets out for the next row.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.was_cut = False
        self.first: str | None = None

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LARGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == LARGEST_LINE and not line.endswith(("\n", "\r")):
            self.was_cut = True
            while (rest := self._text.readline(LARGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
            line += "\n"
        if self.first is None:
            self.first = line[:LONGEST_KEPT]
        return line


def _read_header(path: Path, reader: Any, columns: list[str], file: FileFormat) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise PermanentError(f"{path}: the first line is no header: {error}") from error
    if missing := [name for name in columns if name not in header]:
        named = ", ".join(name.encode("utf-8", "replace").decode()[:60] for name in header[:60] if name)
        other = next((sign for sign in ";\t|," if sign != file.delimiter and sign in named), None)
        hint = f"; is the delimiter {other!r}? set file.delimiter" if len(header) == 1 and other else ""
        has = named or "no names in its first line"
        raise PermanentError(f"{path}: has no column {', '.join(missing)}; it has {has}{hint}")
    if twice := sorted({name for name in columns if header.count(name) > 1}):
        raise PermanentError(f"{path}: has the column {', '.join(twice)} twice; rename one of them")
    return header


def _read_body(reader: Any, lines: _Lines, header: list[str], columns: list[str]) -> Iterator[Row]:
    wanted = [(name, header.index(name)) for name in columns]
    width = max((place + 1 for place, name in enumerate(header) if name), default=0)
    while True:
        number, lines.first = reader.line_num + 1, None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.was_cut = False
            yield Row(number, _keep(lines), fault=f"no CSV: {error}")
            continue
        if lines.was_cut:
            lines.was_cut = False
            yield Row(number, _keep(lines), fault=f"a line is longer than {LARGEST_LINE} characters")
        elif len(cells) < width or any(cells[len(header) :]):
            if cells:
                told = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                yield Row(number, _keep(lines), fault=f"has {told}, the header {len(header)}")
        else:
            yield Row(number, {name: cells[place] for name, place in wanted})


def _keep(lines: _Lines) -> dict[str, Any]:
    """Return how a row that is none begins, for who has to find it."""
    return {"line": (lines.first or "").rstrip("\r\n")}
