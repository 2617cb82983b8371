"""Parses the JSON of another system's answer: what can be read is read, and all of it can be stored.

One half of an emoji in one note must not hide the other 499 items of a page.
"""

import json
import math
from typing import Any

import orjson

from leadops.normalization.clean_text import clean_text

#: Levels of arrays and objects; PostgreSQL and the JSON encoders give up at a few hundred.
MAX_DEPTH = 100
#: Digits of a whole number; the largest double has 309.
MAX_DIGITS = 309


class UnreadableValue(str):
    """What stands in an answer where a value was that no system can store: NaN, 1e400, 101 levels of arrays.

    It is text, so that the rest of the item can be kept. `holds_unreadable` finds it.
    """

    __slots__ = ()


def parse_answer(content: bytes) -> Any:
    """Return the JSON value of `content`; raise ValueError if it is not one, such as half a page.

    Lone surrogates and bytes that are not UTF-8 become U+FFFD; NUL and a byte order mark are removed; other
    control characters stay. If an object has a key twice, the later value counts. Numbers that are not finite
    and what is nested deeper than MAX_DEPTH become an UnreadableValue.
    """
    try:
        value = orjson.loads(content)
    except ValueError:
        return make_storable(_parse_tolerantly(content))
    # Most answers need no second look at each value: the checks are cheap, rebuilding is not.
    if b"\\u0000" in content or _is_deeper(value, MAX_DEPTH):
        return make_storable(value)
    return value


def make_storable(value: Any, levels: int = MAX_DEPTH) -> Any:
    """Return parsed JSON that can be stored: clean texts, and an UnreadableValue for what else cannot."""
    if isinstance(value, UnreadableValue):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return UnreadableValue(value)
    if isinstance(value, list | dict):
        if not levels:
            return UnreadableValue(f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, list):
            return [make_storable(item, levels - 1) for item in value]
        return {clean_text(key): make_storable(item, levels - 1) for key, item in value.items()}
    return value


def holds_unreadable(value: Any) -> bool:
    """Return whether a parsed value is, or holds, one that could not be read."""
    if isinstance(value, list):
        return any(map(holds_unreadable, value))
    if isinstance(value, dict):
        return any(map(holds_unreadable, value.values()))
    return isinstance(value, UnreadableValue)


def _parse_tolerantly(content: bytes) -> Any:
    text = content.decode("utf-8-sig", errors="replace").strip("\ufeff\0 \t\r\n")
    try:
        return json.loads(
            text, strict=False, parse_constant=UnreadableValue, parse_float=_read_float, parse_int=_read_int
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _read_float(text: str) -> float | UnreadableValue:
    number = float(text)
    return number if math.isfinite(number) else UnreadableValue(text)


def _read_int(text: str) -> int | UnreadableValue:
    return int(text) if len(text) <= MAX_DIGITS else UnreadableValue(text)


def _is_deeper(value: Any, levels: int) -> bool:
    """Return whether `value` has more than `levels` levels of arrays and objects."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in value if isinstance(item, list | dict))
