"""JSON as senders write it: numbers that no reader holds, keys given twice, control characters in a text."""

import json
import math
from typing import Any

from leadops.errors import PermanentError

#: Whole numbers beyond 64 bits lose digits in most readers (RFC 8259 section 6).
BIGGEST_INTEGER = 2**63 - 1
#: Digits of the longest number that can fit; longer ones are not converted (it costs their square).
_MOST_DIGITS = 20
#: Levels of objects and lists; beyond what any sender means, far below what breaks a parser.
MAX_DEPTH = 200


class JsonDepthError(PermanentError):
    """The text is nested more deeply than `max_depth` levels."""


class NumberText(str):
    """A number that neither 64 bits nor a double hold, as it was written; also Infinity and NaN."""

    __slots__ = ()


class RepeatedKeys(dict[str, Any]):
    """An object in which a key was given more than once."""


#: What parsed JSON nests with.
_CONTAINERS = frozenset((dict, list, RepeatedKeys))


def read_json(text: str, *, max_depth: int = MAX_DEPTH) -> Any:
    """Return `text` parsed; RFC 8259, and what parsers commonly take beyond it.

    A number that does not fit is a NumberText. Of a key that is given twice the last value counts that is
    neither null nor empty. Control characters may stand in a text. Raises json.JSONDecodeError if it is not
    JSON all the same, and JsonDepthError.
    """
    try:
        parsed = _DECODER.decode(text)
    except RecursionError:
        raise JsonDepthError(f"nested more than {max_depth} levels deep") from None
    if is_deeper(parsed, max_depth):
        raise JsonDepthError(f"nested more than {max_depth} levels deep")
    return parsed


def is_deeper(value: Any, levels: int) -> bool:
    """Return whether `value` (parsed JSON) has more than `levels` levels of objects and lists."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(levels):
        below: list[Any] = []
        for node in level:
            children = node if type(node) is list else node.values()
            # Nearly every object of an answer holds plain values only: this one test skips it.
            if not _CONTAINERS.isdisjoint(map(type, children)):
                below += [child for child in children if type(child) in _CONTAINERS]
        if not below:
            return False
        level = below
    return bool(level)


def _read_integer(digits: str) -> int | str:
    if len(digits) > _MOST_DIGITS:
        return NumberText(digits)
    number = int(digits)
    return number if abs(number) <= BIGGEST_INTEGER else NumberText(digits)


def _read_float(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else NumberText(digits)


def _read_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = RepeatedKeys()
    for key, value in pairs:
        if key not in found or value not in (None, "", [], {}):
            found[key] = value
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_read_pairs,
    parse_float=_read_float,
    parse_int=_read_integer,
    parse_constant=NumberText,
    strict=False,
)
