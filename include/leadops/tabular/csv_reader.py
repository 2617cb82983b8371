"""Reads a CSV in bounded memory; a broken quote costs the row in which it stands, and no other."""

import csv
from collections import deque
from collections.abc import Iterator
from io import TextIOBase
from typing import NamedTuple

#: The most characters in one cell, and in one line or one row of the file; a row with more is faulty.
LARGEST_CELL, LARGEST_LINE = 1_000_000, 4_000_000
#: The most lines of one row: a quote that is open for longer was never closed.
LONGEST_ROW = 1_000
#: Characters kept of the line with which a faulty row begins.
LONGEST_KEPT = 1_000
#: With fewer columns a line of a note often has as many delimiters as a row.
COLUMNS_TO_TELL = 3

BROKEN_QUOTE = "a quote is missing or in the wrong place"


class CsvRow(NamedTuple):
    """A row: the lines on which it begins and ends, its cells, what is wrong with it, how it begins."""

    first_line: int
    last_line: int
    cells: list[str]
    fault: str | None
    beginning: str


class CsvReader:
    """The header, then the rows of a CSV; blank lines are skipped, a faulty row does not stop the next one.

    `text` must be opened with newline=""; `skip_lines` lines stand above the header. A quoted cell may hold
    line breaks. A missing quote, however, makes the following rows part of a cell. So a row of several lines
    is faulty if its quotes do not add up, if it has not the cells of the header, or if at least half of the
    lines after its first look like rows by themselves (from COLUMNS_TO_TELL columns on). Then its first line
    alone is the faulty row, and the lines after it are read as rows.
    """

    def __init__(
        self, text: TextIOBase, *, delimiter: str = ",", quote: str = '"', skip_lines: int = 0
    ) -> None:
        csv.field_size_limit(LARGEST_CELL)
        self._delimiter, self._quote, self._skip_lines = delimiter, quote, skip_lines
        self._lines = _RecordLines(text)
        self._reader = csv.reader(self._lines, delimiter=delimiter, quotechar=quote, strict=True)
        self._columns = self._named = 0

    def read_header(self) -> list[str]:
        """Return the first row, empty if there is none; raise csv.Error if it is not valid CSV."""
        self._lines.skip(self._skip_lines)
        header = next(self._reader, [])
        self._columns = len(header)
        self._named = max((place + 1 for place, name in enumerate(header) if name.strip()), default=0)
        return header

    def __iter__(self) -> Iterator[CsvRow]:
        lines = self._lines
        while True:
            lines.begin_row()
            try:
                cells, fault = next(self._reader), None
            except StopIteration:
                return
            except csv.Error as error:
                cells, fault = [], _describe(error)
            if fault is None and len(lines.row[0]) >= LARGEST_LINE:
                fault = f"a line is longer than {LARGEST_LINE} characters"
            elif fault is None and len(lines.row) > 1 and self._is_broken(cells):
                fault = f"not CSV: {BROKEN_QUOTE}"
            if fault:
                cells = []
                lines.keep_first()
            if cells or fault:
                first = lines.line_number - len(lines.row) + 1
                yield CsvRow(
                    first, lines.line_number, cells, fault, lines.row[0][:LONGEST_KEPT].rstrip("\r\n")
                )

    def _is_broken(self, cells: list[str]) -> bool:
        """Return whether a row of several lines is rather several rows with a quote in the wrong place."""
        if len(cells) < self._named or any(cells[self._columns :]):
            return True
        if self._columns < COLUMNS_TO_TELL:
            return False
        later = self._lines.row[1:]
        return 2 * sum(map(self._is_like_row, later)) >= len(later)

    def _is_like_row(self, line: str) -> bool:
        """Return whether `line` is a row by itself, and not prose with a blank after its commas."""
        try:
            cells = next(csv.reader([line], delimiter=self._delimiter, quotechar=self._quote, strict=True))
        except csv.Error:
            return False
        return len(cells) == self._columns and not any(cell[:1].isspace() for cell in cells[1:])


class _RecordLines:
    """The lines of a text for csv.reader, with those of the current `row`, which can be given back."""

    def __init__(self, text: TextIOBase) -> None:
        self._text = text
        self._ahead: deque[str] = deque()
        self._characters = 0  # of the row
        self.row: list[str] = []
        self.line_number = 0  # of the last line that was taken

    def skip(self, count: int) -> None:
        """Pass over `count` lines."""
        for _ in range(count):
            self._read()
            self.line_number += 1

    def begin_row(self) -> None:
        """Forget the lines of the row before."""
        self.row, self._characters = [], 0

    def keep_first(self) -> None:
        """Give back all lines of the row but the first."""
        self._ahead.extendleft(reversed(self.row[1:]))
        self.line_number -= len(self.row) - 1
        del self.row[1:]

    def __iter__(self) -> "_RecordLines":
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._read()
        if not line:
            raise StopIteration
        self.row.append(line)
        self._characters += len(line)
        self.line_number += 1
        if len(self.row) > LONGEST_ROW or (len(self.row) > 1 and self._characters > LARGEST_LINE):
            raise csv.Error(BROKEN_QUOTE)
        return line

    def _read(self) -> str:
        """Return the next line, of one that is too long the beginning."""
        line = self._text.readline(LARGEST_LINE)
        if len(line) == LARGEST_LINE and not line.endswith(("\n", "\r")):
            while (rest := self._text.readline(LARGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
        return line


def _describe(error: csv.Error) -> str:
    """Return what is wrong, in our words where csv speaks of a quote."""
    text = str(error)
    return f"not CSV: {text if text.startswith('field larger') else BROKEN_QUOTE}"
