import json
from typing import Any

import pytest

from leadops.normalization.lenient_json import (
    JsonDepthError,
    NumberText,
    RepeatedKeys,
    is_deeper,
    read_json,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1.5", -1.5),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775807", -(2**63) + 1),
        ("1e308", 1e308),
        ('"a\tb\nc"', "a\tb\nc"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("true", True),
        ("null", None),
        ('{"a": [1, {"b": 2}]}', {"a": [1, {"b": 2}]}),
    ],
)
def test_what_fits_is_read_as_it_is(text: str, value: Any) -> None:
    read = read_json(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "number",
    ["9223372036854775808", "-9223372036854775808", "9" * 5000, "1e400", "-1E400", "NaN", "-Infinity"],
)
def test_a_number_that_does_not_fit_is_text(number: str) -> None:
    read = read_json(f'{{"n": [{number}]}}')["n"][0]
    assert isinstance(read, NumberText)
    assert read == number
    assert json.dumps(read) == f'"{number}"'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "a": 2}', 2),
        ('{"a": "x", "a": ""}', "x"),
        ('{"a": "x", "a": null}', "x"),
        ('{"a": null, "a": ""}', None),
        ('{"a": "x", "a": 0}', 0),
        ('{"a": "x", "a": false}', False),
    ],
)
def test_the_last_that_says_something_counts(text: str, value: Any) -> None:
    read = read_json(text)
    assert isinstance(read, RepeatedKeys)
    assert read == {"a": value}
    assert read["a"] is value or read["a"] == value


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", '{"a": 1,}', "[1] 2", "\ufeff{}", "nul"])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(text)


def test_depth_is_bounded() -> None:
    assert read_json("[" * 200 + "]" * 200) is not None
    for levels in (201, 100_000):
        with pytest.raises(JsonDepthError):
            read_json("[" * levels + "]" * levels)


@pytest.mark.parametrize(
    ("value", "levels"), [(1, 0), ("x", 0), ([], 1), ({"a": 1}, 1), ([[]], 2), ({"a": [{}]}, 3)]
)
def test_levels_are_counted(value: Any, levels: int) -> None:
    assert not is_deeper(value, levels)
    assert levels == 0 or is_deeper(value, levels - 1)
