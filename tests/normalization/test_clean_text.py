import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.normalization.clean_text import clean_json, clean_text, fold_text, trim_text

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Thank you \ud83d", "Thank you \ufffd"),
        ("\udc00a\0b", "\ufffdab"),
        ("\U0001f44d", "\U0001f44d"),
        ("a\tb\n", "a\tb\n"),
    ],
)
def test_what_postgresql_cannot_store_is_replaced(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


def test_every_string_and_key_of_json_is_cleaned() -> None:
    value = json.loads(r'{"a\u0000": ["\ud83d", {"b": null}], "n": 1, "ab": 2}')
    assert clean_json(value) == {"a": ["\ufffd", {"b": None}], "n": 1, "ab": 2}


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [
        ("Summer ", "Summer"),
        ("\u3000ｓｕｍｍｅｒ\u00a0", "summer"),
        ("ﾏﾈｰｼﾞｬｰ", "マネージャー"),
        ("a\u200bb\ufeff", "ab"),
        ("a \t\n b", "a b"),
        ("a\x1b[31mb\x00", "a[31mb"),
        ("\u212aelvin", "Kelvin"),
        ("\u3164", ""),
    ],
)
def test_trimmed_text_has_one_form(text: str, trimmed: str) -> None:
    assert trim_text(text) == trimmed


@pytest.mark.parametrize("text", ["SUMMER", "Summer ", "ｓｕｍｍｅｒ", "\u200bsummer", "sUmMeR"])
def test_folded_text_is_compared_without_case_and_width(text: str) -> None:
    assert fold_text(text) == "summer"


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    for clean in (clean_text, trim_text, fold_text):
        assert clean(clean(text)) == clean(text)
        clean(text).encode()
