import json
from typing import Any

import pytest

from leadops.events.find_unusable import find_unusable


@pytest.mark.parametrize(
    ("text", "reason", "where"),
    [
        ('{"properties": {"note": "a\\u0000b"}}', "unusable_text", "properties.note"),
        ('{"properties": {"a\\u0000": 1}}', "unusable_text", "a key in properties"),
        ('{"event_id": "\\ud800"}', "unusable_text", "event_id"),
        ('{"properties": {"n": 1e999}}', "unusable_number", "properties.n"),
        ('{"properties": {"n": [0, -9223372036854775809]}}', "unusable_number", "properties.n[1]"),
        ('{"properties": {"s": "' + "x" * 101 + '"}}', "too_long", "properties.s"),
        ('{"a": {"b": {"c": {"d": 1}}}}', "too_deep", "a.b.c"),
    ],
)
def test_names_what_cannot_be_kept(text: str, reason: str, where: str) -> None:
    fault = find_unusable(json.loads(text), max_string_chars=100, max_depth=3)
    assert fault
    assert fault.reason == reason
    assert fault.detail.startswith(where)
    assert fault.detail.isascii()


@pytest.mark.parametrize(
    "text",
    [
        '"\\ud83d\\ude00"',
        '"\\\\u0000"',
        "[1, -1.5, true, null, 9223372036854775807, 1e308]",
        '{"a": {"b": [1]}}',
    ],
)
def test_takes_what_can_be_kept(text: str) -> None:
    assert find_unusable(json.loads(text), max_string_chars=100, max_depth=3) is None


def test_no_depth_breaks_it() -> None:
    nested: Any = 1
    for _ in range(100_000):
        nested = [nested]
    fault = find_unusable(nested, max_string_chars=10, max_depth=5)
    assert fault
    assert fault.reason == "too_deep"
