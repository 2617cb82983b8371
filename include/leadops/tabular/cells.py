"""One cell of a file becomes one value: text, a number, yes or no."""

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from leadops.settings import Settings
from leadops.tabular.file_row import BadRowError

_COLUMN = re.compile(r"\{([^{}]+)\}")
_YES, _NO = {"true", "t", "yes", "y", "1"}, {"false", "f", "no", "n", "0"}
#: Numbers of this size or larger are refused by default; PostgreSQL's numeric columns are narrower.
DEFAULT_BOUND = Decimal(10) ** 18

ScalarKind = Literal["text", "integer", "number", "boolean"]


class CellSource(Settings):
    """Where a value comes from: exactly one of `column`, `template` ({column} is replaced), `constant`."""

    #: The fields of which exactly one is given.
    SOURCES: ClassVar[tuple[str, ...]] = ("column", "template", "constant")

    column: str | None = None
    template: str | None = None
    constant: Any = None

    @model_validator(mode="after")
    def _check_sources(self) -> Self:
        *others, last = self.SOURCES
        if sum(getattr(self, name) is not None for name in self.SOURCES) != 1:
            raise ValueError(f"give exactly one of {', '.join(others)} and {last}")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns it reads."""
        return [self.column] if self.column else _COLUMN.findall(self.template or "")

    @property
    def name(self) -> str:
        """The columns it reads, as an error names them."""
        return ", ".join(self.columns)

    def fill(self, get: Callable[[str], Any]) -> Any:
        """Return the cell, or the filled template; None if a cell that it needs is None.

        `get` returns the cell of a column. Not for constants.
        """
        if self.template is None:
            return get(self.columns[0])
        cells = {column: get(column) for column in self.columns}
        if None in cells.values():
            return None
        return _COLUMN.sub(lambda match: cell_text(cells[match[1]]), self.template)


def convert_cell(value: Any, kind: ScalarKind, name: str, *, bound: Decimal = DEFAULT_BOUND) -> Any:
    """Return `value` as a JSON scalar of `kind`; raise BadRowError, naming `name`, if it is not one.

    A number's absolute value must be below `bound`.
    """
    if kind == "text":
        return cell_text(value)
    if kind == "boolean":
        answer = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}.get(cell_text(value).lower())
        if answer is None:
            raise BadRowError(f"{name}: not a boolean (yes or no)", value)
        return answer
    number = read_number(value, name, bound=bound)
    if kind == "integer":
        if number != number.to_integral_value():
            raise BadRowError(f"{name}: not an integer", value)
        return int(number)
    return float(number)


def read_number(value: Any, name: str, *, bound: Decimal = DEFAULT_BOUND) -> Decimal:
    """Return `value` as a Decimal; raise BadRowError, naming `name`, unless it is below `bound`."""
    try:
        number = Decimal(cell_text(value))
    except InvalidOperation:
        raise BadRowError(f"{name}: not a number", value) from None
    if not number.is_finite() or abs(number) >= bound:
        raise BadRowError(f"{name}: a number that cannot be stored", value)
    return number


def cell_text(value: Any) -> str:
    """Return `value` as text, as a CSV would hold it; 5.0 is 5."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
