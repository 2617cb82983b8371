"""CSV files that a spreadsheet opens as they are: no cell is a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

#: A text that begins with one of these is a formula to a spreadsheet; full-width ones too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Without it Excel takes UTF-8 for the code page of the machine.
BYTE_ORDER_MARK = "\ufeff"

CsvCell = str | int | float | Decimal | None


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[CsvCell]]) -> bytes:
    """Return a CSV file (RFC 4180, UTF-8) of `rows` under `columns`; None is an empty cell."""
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([make_safe(column) for column in columns])
    writer.writerows([make_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", errors="replace")


def make_safe(cell: CsvCell) -> str:
    """Return the text of a cell; a text that a spreadsheet would run gets an apostrophe in front.

    Numbers stay numbers, negative ones too. Source: OWASP, CSV Injection.
    """
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    bare = cell.replace("\0", "").lstrip(" \u3000\u00a0")
    return f"'{cell}" if bare.startswith(FORMULA_STARTS) else cell.replace("\0", "")
