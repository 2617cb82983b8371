from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from leadops.tabular.cells import CellSource, cell_text, convert_cell, read_number
from leadops.tabular.file_row import BadRowError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5.0", "5.0"),
        (5.0, "5"),
        (0.5, "0.5"),
        (7, "7"),
        (True, "true"),
        (date(2026, 2, 1), "2026-02-01"),
        (datetime(2026, 2, 1, 9, tzinfo=UTC), "2026-02-01T09:00:00+00:00"),
    ],
)
def test_text_is_what_a_csv_would_hold(value: Any, text: str) -> None:
    assert cell_text(value) == text


@pytest.mark.parametrize(
    ("value", "kind", "converted"),
    [
        ("12", "integer", 12),
        ("12.0", "integer", 12),
        ("1.50", "number", 1.5),
        (" 7", "text", " 7"),
        ("Y", "boolean", True),
        ("0", "boolean", False),
    ],
)
def test_a_cell_converts(value: Any, kind: Any, converted: Any) -> None:
    result = convert_cell(value, kind, "a")
    assert (result, type(result)) == (converted, type(converted))


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        ("1.5", "integer", "a: not an integer"),
        ("x", "number", "a: not a number"),
        ("nan", "number", "a: a number that cannot be stored"),
        ("2", "boolean", "a: not a boolean (yes or no)"),
    ],
)
def test_a_cell_that_does_not_convert_says_why_without_its_value(value: str, kind: Any, reason: str) -> None:
    with pytest.raises(BadRowError) as caught:
        convert_cell(value, kind, "a")
    assert (caught.value.reason, str(caught.value)) == (reason, f"{reason}: {value!r}")


def test_a_number_stays_below_its_bound() -> None:
    assert read_number("999.99", "a", bound=Decimal(1000)) == Decimal("999.99")
    for text in ("1000", "-1000"):
        with pytest.raises(BadRowError):
            read_number(text, "a", bound=Decimal(1000))


def test_a_source_is_a_column_or_a_filled_template() -> None:
    row = {"a": 5.0, "b": "x"}
    assert CellSource(column="a").fill(row.get) == 5.0
    assert CellSource(template="{a}-{b}").fill(row.get) == "5-x"
    assert CellSource(template="{a}-{c}").fill(row.get) is None
    assert CellSource(template="{a}-{b}").name == "a, b"
    with pytest.raises(ValidationError, match="exactly one of column, template and constant"):
        CellSource(column="a", constant=1)
