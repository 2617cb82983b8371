from typing import Any

import pytest

from leadops.clients.answer_values import read_id, read_score
from leadops.clients.parse_answer import NestedTooDeeply
from leadops.normalization.lenient_json import NumberText


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("L-1", "L-1"),
        (" L-1 ", "L-1"),
        (7, "7"),
        (0, "0"),
        ("x" * 200, "x" * 200),
        ("x" * 201, None),
        ("", None),
        (" \u3000", None),
        (None, None),
        (True, None),
        (7.0, None),  # a number that a parser had to round
        ({"id": 1}, None),
        ([1], None),
        (NumberText("NaN"), None),
        (NumberText("123456789012345678901"), "123456789012345678901"),
        (NestedTooDeeply("nested"), None),
    ],
)
def test_an_id_is_text_or_a_whole_number(value: Any, found: str | None) -> None:
    assert read_id(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (12, 12),
        (-3, -3),
        (12.0, 12),
        ("12", 12),
        (" -12 ", -12),
        (2**53 - 1, 2**53 - 1),
        (2**53, None),
        (-(2**53) + 1, -(2**53) + 1),
        (-(2**53), None),
        ("-9007199254740991", -9007199254740991),
        ("0" * 16 + "7", 7),
        ("0" * 17 + "7", None),
        (12.5, None),
        ("12.5", None),
        ("１２", None),
        ("--1", None),
        ("1" * 18, None),
        ("", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ([12], None),
        (NumberText("1e400"), None),
    ],
)
def test_a_score_is_a_whole_number(value: Any, found: int | None) -> None:
    assert read_score(value) == found
