from typing import Any

import pytest

from leadops.events.clean_values import ValueCleaner, find_first, is_empty
from leadops.events.event_settings import EventSettings
from leadops.events.field_changes import FieldChanges
from leadops.events.find_unusable import find_unusable
from leadops.normalization.lenient_json import NumberText, RepeatedKeys


@pytest.fixture
def cleaner(settings: EventSettings) -> ValueCleaner:
    """Texts of at most 256 characters, four levels."""
    return ValueCleaner(settings.model_copy(update={"max_string_chars": 256, "max_depth": 4}), FieldChanges())


def changes(cleaner: ValueCleaner) -> list[str]:
    return [f"{change.path} {change.what}" for change in cleaner.changes.named]


@pytest.mark.parametrize(
    ("value", "cleaned", "changed"),
    [
        ({"a": [1, -1.5, True, None, "x"]}, {"a": [1, -1.5, True, None, "x"]}, []),
        ("\U0001f600", "\U0001f600", []),
        ("a\0b", "ab", ["p cleaned"]),
        ("\ud83d", "\ufffd", ["p cleaned"]),
        ("x" * 257, "x" * 256, ["p cut"]),
        (2**63, "9223372036854775808", ["p to_text"]),
        (float("inf"), "Infinity", ["p to_text"]),
        (float("nan"), None, ["p empty"]),
        (NumberText("1e400"), "1e400", ["p to_text"]),
        (NumberText("NaN"), None, ["p empty"]),
        (NumberText("9" * 300), "9" * 256, ["p to_text"]),
        ({"k\0": "\0"}, {"k": ""}, ["p.k\\x00 cleaned", "p.k cleaned"]),
        ({"k\0": 1, "k": 2}, {"k": 2}, ["p.k\\x00 cleaned", "p.k\\x00 repeated_key"]),
        (RepeatedKeys({"a": 1}), {"a": 1}, ["p repeated_key"]),
        ({"a": {"b": {"c": "\ud83d"}}}, {"a": {"b": '{"c": "\ufffd"}'}}, ["p.a.b json_text"]),
        ({"a": {"b": []}}, {"a": {"b": "[]"}}, ["p.a.b json_text"]),
    ],
)
def test_what_cannot_be_stored_is_changed(
    cleaner: ValueCleaner, value: Any, cleaned: Any, changed: list[str]
) -> None:
    result = cleaner.clean(value, ("p",), level=2)
    assert result == cleaned
    assert changes(cleaner) == changed
    assert find_unusable({"properties": {"p": result}}, max_string_chars=256, max_depth=4) is None


@pytest.mark.parametrize(
    ("value", "text", "changed"),
    [
        ("summer", "summer", []),
        (None, None, []),
        ("", None, ["p empty"]),
        ("\u3000\u200b", None, ["p empty"]),
        (2026, "2026", ["p to_text"]),
        (1.5, "1.5", ["p to_text"]),
        (False, "false", ["p to_text"]),
        (NumberText("1e400"), "1e400", ["p to_text"]),
        (["a"], "a", ["p from_list"]),
        ([None, "", [7]], "7", ["p from_list", "p to_text"]),
        ([], None, ["p from_list"]),
        ({"a": 1}, None, ["p dropped"]),
        ("x" * 11, "x" * 10, ["p cut"]),
    ],
)
def test_a_text_is_read_from_what_there_is(
    cleaner: ValueCleaner, value: Any, text: str | None, changed: list[str]
) -> None:
    assert cleaner.read_text(value, ("p",), longest=10) == text
    assert changes(cleaner) == changed


def test_nothing_given_is_not_nothing_said() -> None:
    assert all(is_empty(value) for value in (None, "", " ", "\u3000", [], {}))
    assert not any(is_empty(value) for value in (0, False, "0", "-", [None], {"a": None}))
    assert find_first([None, "", 0, 1]) == 0
    assert find_first("x") == "x"
    assert find_first([[], [""]]) is None
