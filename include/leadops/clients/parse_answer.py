"""Parses the JSON of another system's answer: what can be read is read, and all of it can be stored.

One half of an emoji in one note must not hide the other 499 items of a page.
"""

import math
from typing import Any

import orjson

from leadops.normalization.clean_text import clean_text
from leadops.normalization.lenient_json import JsonDepthError, NumberText, is_deeper, read_json

#: Levels of arrays and objects; PostgreSQL and the JSON encoders give up at a few hundred.
MAX_DEPTH = 100
#: What the lenient reader refuses as a whole, far above MAX_DEPTH and below what breaks a parser.
_PARSED_DEPTH = 800
#: Digits of which the fast parser would round some (RFC 8259, 6), in an answer whose digits are all 0 and its
#: other bytes blanks: this look takes a tenth of a pattern's time, and every answer gets it.
_LONG_NUMBER = b"0" * 19
_ONLY_DIGITS = bytes(ord("0") if ord("0") <= byte <= ord("9") else ord(" ") for byte in range(256))


class NestedTooDeeply(str):
    """What stands in an answer in place of what is nested deeper than MAX_DEPTH; the rest can be kept."""

    __slots__ = ()


def parse_answer(content: bytes) -> Any:
    """Return the JSON value of `content`; raise ValueError if it is not one, such as half a page.

    Lone surrogates and bytes that are not UTF-8 become U+FFFD; NUL and a byte order mark are removed; other
    control characters stay. If an object has a key twice, the later value counts. What no system can store is
    left as a value that `is_unreadable` finds. Whole numbers beyond 64 bits are a NumberText with all digits.
    """
    try:
        value = orjson.loads(content)
    except ValueError:
        return make_storable(_read_leniently(content))
    # Most answers need no second look at each value: the checks are cheap, rebuilding is not.
    if _LONG_NUMBER in content.translate(_ONLY_DIGITS):
        return make_storable(_read_leniently(content))
    if b"\\u0000" in content or is_deeper(value, MAX_DEPTH):
        return make_storable(value)
    return value


def make_storable(value: Any, levels: int = MAX_DEPTH) -> Any:
    """Return parsed JSON that can be stored; what cannot is marked: see `is_unreadable`."""
    if isinstance(value, NumberText | NestedTooDeeply):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return NumberText(value)
    if isinstance(value, list | dict):
        if not levels:
            return NestedTooDeeply(f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, list):
            return [make_storable(item, levels - 1) for item in value]
        return {clean_text(key): make_storable(item, levels - 1) for key, item in value.items()}
    return value


def is_unreadable(value: Any) -> bool:
    """Return whether a value of an answer is a number that is not finite, or is nested too deeply."""
    if isinstance(value, NumberText):
        return not value.removeprefix("-").isdigit()
    return isinstance(value, NestedTooDeeply)


def holds_unreadable(value: Any) -> bool:
    """Return whether a value of an answer is, or holds, one that could not be read."""
    if isinstance(value, list):
        return any(map(holds_unreadable, value))
    if isinstance(value, dict):
        return any(map(holds_unreadable, value.values()))
    return is_unreadable(value)


def _read_leniently(content: bytes) -> Any:
    text = content.decode("utf-8-sig", errors="replace").strip("\ufeff\0 \t\r\n")
    try:
        return read_json(text, max_depth=_PARSED_DEPTH)
    except JsonDepthError as error:
        raise ValueError(str(error)) from error
