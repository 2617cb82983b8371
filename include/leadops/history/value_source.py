"""One cell of an export becomes one value: text, a number, yes or no; or says why it cannot."""

import math
import re
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from leadops.normalization.blank_values import is_blank_cell
from leadops.tabular.amounts import DecimalSign, read_amount
from leadops.tabular.cells import CellSource, ScalarKind, cell_text, convert_cell
from leadops.tabular.file_row import BadRowError

#: Characters of text that are kept of one cell; an export's longest field is a note.
LONGEST_TEXT = 10_000
#: How exports make spreadsheets keep the leading zeros of ="00123".
_TEXT_FORMULA = re.compile(r'="([^"]*)"')


class RowCells:
    """The cells of row `number`, read by column; what the mapping calls null is None."""

    def __init__(self, values: dict[str, Any], *, nulls: frozenset[str], number: int) -> None:
        self._values, self._nulls = values, nulls
        self.number = number
        #: What is wrong with the row and does not keep it out.
        self.remarks: list[str] = []

    def get(self, column: str) -> Any:
        """Return the cell of `column`, trimmed, None if it is null; raise BadRowError if it is unusable."""
        cell = self._values.get(column)
        if isinstance(cell, str):
            return self._clean(column, cell)
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return None
        if isinstance(cell, bytes | list | dict):
            raise BadRowError(f"{column}: is not text, a number or a time")
        return None if not isinstance(cell, date) and str(cell) in self._nulls else cell

    def _clean(self, column: str, cell: str) -> str | None:
        text = cell.strip()
        if text in self._nulls:
            return None
        if len(text) > LONGEST_TEXT:
            raise BadRowError(f"{column}: is longer than {LONGEST_TEXT} characters")
        if text.startswith("="):
            unwrapped = _TEXT_FORMULA.fullmatch(text)
            if not unwrapped:
                raise BadRowError(f"{column}: is a formula; export values in its place")
            text = unwrapped[1].strip()
            return None if text in self._nulls else text
        if "\0" in text:
            raise BadRowError(f"{column}: holds a NUL character")
        if not text.isascii():
            try:
                text.encode("utf-8")
            except UnicodeEncodeError:
                raise BadRowError(f"{column}: is not in the file's encoding; set file.encoding") from None
        return text


class ValueSource(CellSource):
    """Where a value comes from and what it means; a mapping may name just the column.

    `row_number` is for files without an id: the row's number with this text before it, which must be another
    for each file.
    """

    SOURCES: ClassVar[tuple[str, ...]] = ("column", "template", "constant", "row_number")

    row_number: Annotated[str, Field(min_length=1)] | None = None
    constant: str | int | float | bool | None = None
    values: dict[str, str | int | float | bool | None] | None = None  # what stands in the file: what it means
    others: Literal["refuse", "keep", "null"] = "refuse"  # what `values` does not name
    type: ScalarKind = "text"
    #: How numbers are written: 1.200,50 with ",", 1,200.50 with "."; where not given, 1200.50.
    decimal: DecimalSign | None = None

    @model_validator(mode="before")
    @classmethod
    def _accept_column(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    def read(self, cells: RowCells) -> Any:
        """Return the value, None where a cell that it needs says nothing; raise BadRowError."""
        if self.constant is not None:
            return self.constant
        if self.row_number is not None:
            return f"{self.row_number}{cells.number}"
        found = self.fill(cells.get)
        if found is None or (cell_text(found) not in (self.values or {}) and is_blank_cell(found)):
            return None
        if self.decimal and isinstance(found, str):
            found = self._read_decimal(found)
        if self.values is not None:
            found = self._translate(found)
        return None if found is None else convert_cell(found, self.type, self.name)

    def _read_decimal(self, text: str) -> str:
        amount = read_amount(text, decimal=self.decimal)
        if amount is not None:
            return str(amount)
        if self.values is not None and (text in self.values or self.others == "null"):
            return text
        raise BadRowError(
            f"{self.name}: not a number with decimal {self.decimal!r} and groups of three", text
        )

    def read_text(self, cells: RowCells) -> str | None:
        """Return the value as text, None where it is null or empty; raise BadRowError."""
        found = self.read(cells)
        return None if found is None else cell_text(found) or None

    def _translate(self, found: Any) -> Any:
        values = self.values or {}
        if cell_text(found) in values:
            return values[cell_text(found)]
        if self.others == "refuse":
            raise BadRowError(f"{self.name}: the mapping has no value for", cell_text(found))
        return found if self.others == "keep" else None
