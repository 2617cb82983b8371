"""One cell of an export becomes one value: text, a number, yes or no; or says why it cannot."""

import json
import math
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import model_validator

from leadops.errors import PermanentError
from leadops.settings import Settings

#: Characters of text that are kept of one cell; an export's longest field is a note, not a book.
LONGEST_TEXT = 10_000
_COLUMN = re.compile(r"\{([^{}]+)\}")
#: How spreadsheets are told to leave the zeros of ="00123" alone.
_TEXT_FORMULA = re.compile(r'="([^"]*)"')
_YES, _NO = {"true", "t", "yes", "y", "1"}, {"false", "f", "no", "n", "0"}

Kind = Literal["text", "integer", "number", "boolean"]


class BadRow(PermanentError):
    """A row that cannot be imported; `reason` is without the row's values, the text may quote a little."""

    def __init__(self, reason: str, shown: object = None) -> None:
        self.reason = reason
        super().__init__(reason if shown is None else f"{reason}: {str(shown)[:40]!r}")


class Cells:
    """The cells of row `number`, read by column; what the mapping calls null is None."""

    def __init__(self, values: dict[str, Any], *, nulls: frozenset[str], number: int) -> None:
        self._values, self._nulls = values, nulls
        self.number = number

    def get(self, column: str) -> Any:
        """Return the cell of `column`, trimmed, None where it is null; raise BadRow where it is unusable."""
        cell = self._values.get(column)
        if isinstance(cell, str):
            return self._clean(column, cell)
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return None
        if isinstance(cell, bytes | list | dict):
            raise BadRow(f"{column}: is no text, number or time")
        return None if not isinstance(cell, date) and str(cell) in self._nulls else cell

    def _clean(self, column: str, cell: str) -> str | None:
        text = cell.strip()
        if text in self._nulls:
            return None
        if len(text) > LONGEST_TEXT:
            raise BadRow(f"{column}: is longer than {LONGEST_TEXT} characters")
        if text.startswith("="):
            unwrapped = _TEXT_FORMULA.fullmatch(text)
            if not unwrapped:
                raise BadRow(f"{column}: is a formula; export values in its place")
            text = unwrapped[1].strip()
            return None if text in self._nulls else text
        if "\0" in text:
            raise BadRow(f"{column}: holds a NUL character")
        if not text.isascii():
            try:
                text.encode("utf-8")
            except UnicodeEncodeError:
                raise BadRow(f"{column}: is not in the file's encoding; set file.encoding") from None
        return text


class Value(Settings):
    """Where a value comes from: exactly one of `column`, `template` ({column} is replaced), `constant`.

    A mapping may name just the column.
    """

    column: str | None = None
    template: str | None = None
    constant: str | int | float | bool | None = None
    values: dict[str, str | int | float | bool | None] | None = None  # what stands in the file: what it means
    others: Literal["refuse", "keep", "null"] = "refuse"  # what `values` does not name
    type: Kind = "text"
    #: How numbers are written: 1.200,50 with ",", 1,200.50 with "."; where not given, 1200.50.
    decimal: Literal[".", ","] | None = None

    @model_validator(mode="before")
    @classmethod
    def _accept_column(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check(self) -> "Value":
        if sum(each is not None for each in (self.column, self.template, self.constant)) != 1:
            raise ValueError("give exactly one of column, template and constant")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns it reads."""
        return [self.column] if self.column else _COLUMN.findall(self.template or "")

    def read(self, cells: Cells) -> Any:
        """Return the value, None where a cell that it needs is null; raise BadRow."""
        if self.constant is not None:
            return self.constant
        name = ", ".join(self.columns)
        found: Any
        if self.template is not None:
            parts = {column: cells.get(column) for column in self.columns}
            if None in parts.values():
                return None
            found = _COLUMN.sub(lambda match: show(parts[match[1]]), self.template)
        else:
            found = cells.get(self.columns[0])
        if self.decimal and isinstance(found, str):
            thousands = "." if self.decimal == "," else ","
            found = "".join(found.split()).replace(thousands, "").replace(self.decimal, ".")
        if found is not None and self.values is not None:
            found = self._translate(name, found)
        return None if found is None else convert(found, self.type, name)

    def read_text(self, cells: Cells) -> str | None:
        """Return the value as text, None where it is null or empty; raise BadRow."""
        found = self.read(cells)
        return None if found is None else show(found) or None

    def _translate(self, name: str, found: Any) -> Any:
        values = self.values or {}
        if show(found) in values:
            return values[show(found)]
        if self.others == "refuse":
            raise BadRow(f"{name}: the mapping's values do not name what stands here", show(found))
        return found if self.others == "keep" else None


def convert(value: Any, kind: Kind, name: str) -> Any:
    """Return `value` as JSON scalar of `kind`; raise BadRow, naming `name`, where it is none."""
    if kind == "text":
        return show(value)
    if kind == "boolean":
        answer = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}.get(show(value).lower())
        if answer is None:
            raise BadRow(f"{name}: is neither yes nor no", value)
        return answer
    number = read_number(value, name)
    if kind == "integer":
        if number != number.to_integral_value():
            raise BadRow(f"{name}: is no whole number", value)
        return int(number)
    return float(number)


def read_number(value: Any, name: str) -> Decimal:
    """Return `value` as a Decimal; raise BadRow, naming `name`, where it is no finite number."""
    try:
        number = Decimal(show(value))
    except InvalidOperation:
        raise BadRow(f"{name}: is no number", value) from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        raise BadRow(f"{name}: is no number that can be kept", value)
    return number


def show(value: Any) -> str:
    """Return `value` as text: what a CSV would hold; 5.0 is 5."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
