"""Currencies of ISO 4217: which code a text is, and how many digits stand after the point."""

import unicodedata
from functools import cache
from typing import Any

from babel.core import get_global
from babel.numbers import get_currency_precision, get_currency_symbol

#: Codes of ISO 4217 beside currencies: for tests, for metals and for units of account.
_NO_MONEY = frozenset(
    {"XXX", "XTS", "XAU", "XAG", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XUA"}
)
#: Digits after the point that the tables keep.
MOST_DIGITS = 2


def read_currency(value: Any) -> str | None:
    """Return the code that `value` is, in capitals; None if it is not the code of a currency.

    Case, width and outer blanks make no difference. Currencies of the past are known, for old deals.
    """
    if not isinstance(value, str) or len(value) > 20:
        return None
    code = unicodedata.normalize("NFKC", value).strip().upper()
    return code if code in _list_codes() else None


def count_digits(code: str) -> int:
    """Return how many digits after the point an amount of the currency has, at most `MOST_DIGITS`."""
    return min(get_currency_precision(code), MOST_DIGITS)


def list_marks(code: str) -> list[str]:
    """Return what may stand before or after an amount of the currency: its code and its sign."""
    return list(dict.fromkeys([code, get_currency_symbol(code, locale="en")]))


@cache
def _list_codes() -> frozenset[str]:
    codes = {code for codes in get_global("territory_currencies").values() for code, *_ in codes}
    return frozenset(code for code in codes if len(code) == 3 and code.isalpha()) - _NO_MONEY
