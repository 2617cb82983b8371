"""Currencies of ISO 4217."""

from typing import Any

import pytest

from leadops.normalization.currencies import count_digits, list_marks, read_currency


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("USD", "USD"),
        (" usd ", "USD"),
        ("ＥＵＲ", "EUR"),
        ("DEM", "DEM"),  # of the past
        ("", None),
        ("US", None),
        ("USDX", None),
        ("Dollars", None),
        ("$", None),
        ("XXX", None),
        ("XAU", None),
        ("ABC", None),
        ("ÜSD", None),
        ("U\u200bSD", None),
        ("USD" * 5_000, None),
        (840, None),
        (True, None),
        (None, None),
        (["USD"], None),
        ({"code": "USD"}, None),
    ],
)
def test_only_codes_are_currencies(value: Any, code: str | None) -> None:
    assert read_currency(value) == code


@pytest.mark.parametrize(("code", "digits"), [("JPY", 0), ("KRW", 0), ("EUR", 2), ("USD", 2), ("KWD", 2)])
def test_digits_after_the_point(code: str, digits: int) -> None:
    assert count_digits(code) == digits  # a dinar has three, and the tables keep two


def test_marks_of_an_amount() -> None:
    assert list_marks("USD") == ["USD", "$"]
    assert list_marks("GBP") == ["GBP", "£"]
    assert list_marks("CHF") == ["CHF"]
