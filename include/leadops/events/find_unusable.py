"""Finds values that cannot be stored: PostgreSQL and most readers accept less than JSON allows."""

import math

from leadops.events.event_refusal import EventRefusal, show_path
from leadops.normalization.lenient_json import BIGGEST_INTEGER, NumberText


def find_unusable(item: object, *, max_string_chars: int, max_depth: int) -> EventRefusal | None:
    """Return why `item` (parsed JSON) cannot be kept as it is, or None.

    Without recursion, so that no depth can break it. It looks for NUL characters and lone surrogates (jsonb
    takes neither), numbers beyond 64 bits or doubles, strings longer than `max_string_chars`, and more
    levels than `max_depth`.
    """
    waiting: list[tuple[object, tuple[str | int, ...]]] = [(item, ())]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, str):
            fault = _check_text(value, max_string_chars)
        elif isinstance(value, dict):
            fault = None if len(path) < max_depth else _too_deep(max_depth)
            for key, child in value.items():
                if key_fault := _check_text(key, max_string_chars):
                    return EventRefusal(key_fault.reason, f"a key in {_name(path)} {key_fault.detail}")
                waiting.append((child, (*path, key)))
        elif isinstance(value, list):
            fault = None if len(path) < max_depth else _too_deep(max_depth)
            waiting += [(child, (*path, position)) for position, child in enumerate(value)]
        else:
            fault = _check_number(value)
        if fault:
            return EventRefusal(fault.reason, f"{_name(path)} {fault.detail}")
    return None


def _name(path: tuple[str | int, ...]) -> str:
    return show_path(path) or "the event"


def _too_deep(max_depth: int) -> EventRefusal:
    return EventRefusal("too_deep", f"lies deeper than {max_depth} levels; send it flat")


def _check_text(value: str, max_string_chars: int) -> EventRefusal | None:
    if isinstance(value, NumberText):
        return EventRefusal("unusable_number", "is a number beyond 64 bits or a double; send it as a string")
    if len(value) > max_string_chars:
        return EventRefusal("too_long", f"is longer than {max_string_chars} characters; send less of it")
    if "\0" in value:
        return EventRefusal("unusable_text", "contains a NUL character (\\u0000); leave it out")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return EventRefusal("unusable_text", "contains a lone surrogate; send the whole character")
    return None


def _check_number(value: object) -> EventRefusal | None:
    if isinstance(value, float) and not math.isfinite(value):
        return EventRefusal("unusable_number", "is too large a number; send it as a string")
    if isinstance(value, int) and abs(value) > BIGGEST_INTEGER:
        return EventRefusal("unusable_number", "is a whole number beyond 64 bits; send it as a string")
    return None
