"""Reads a CSV in bounded memory: no cell, line or missing quote makes it hold more than one line."""

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from typing import NamedTuple

#: The most characters in one cell, and in one line of the file; a row with more is faulty.
LARGEST_CELL, LARGEST_LINE = 1_000_000, 4_000_000
#: Characters kept of the line with which a faulty row begins.
LONGEST_KEPT = 1_000


class CsvRow(NamedTuple):
    """A row: the lines on which it begins and ends, its cells, what is wrong with it, how it begins."""

    first_line: int
    last_line: int
    cells: list[str]
    fault: str | None
    beginning: str


class CsvReader:
    """The header, then the rows of a CSV; blank lines are skipped, a faulty row does not stop the next one.

    `text` must be opened with newline="". With `strict` a quote in the wrong place is a fault.
    """

    def __init__(
        self, text: TextIOWrapper, *, delimiter: str = ",", quote: str = '"', strict: bool = False
    ) -> None:
        csv.field_size_limit(LARGEST_CELL)
        self._lines = _BoundedLines(text)
        self._reader = csv.reader(self._lines, delimiter=delimiter, quotechar=quote, strict=strict)

    def read_header(self) -> list[str]:
        """Return the first row, empty if there is none; raise csv.Error if it is not valid CSV."""
        return next(self._reader, [])

    def __iter__(self) -> Iterator[CsvRow]:
        lines, reader = self._lines, self._reader
        while True:
            first_line, lines.first, lines.was_cut = reader.line_num + 1, None, False
            fault, cells = None, []
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fault = f"not CSV: {error}"
            if fault is None and lines.was_cut:
                fault, cells = f"a line is longer than {LARGEST_LINE} characters", []
            if cells or fault:
                beginning = (lines.first or "").rstrip("\r\n")
                yield CsvRow(first_line, reader.line_num, cells, fault, beginning)


class _BoundedLines:
    """The lines of a text, each cut at LARGEST_LINE; `was_cut` says whether one of them was.

    `first` is the line on which the current row begins; set it to None before the next row.
    """

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self.was_cut = False
        self.first: str | None = None

    def __iter__(self) -> "_BoundedLines":
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
