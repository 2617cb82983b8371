"""Ids and scores in the answers of other systems: what each may look like."""

from typing import Any

from leadops.clients.parse_answer import is_unreadable

#: Characters; ids are keys in tables and parts of routes.
LONGEST_ID = 200
#: The largest number that every JSON parser reads exactly (RFC 8259, 6).
LARGEST_SCORE = 2**53 - 1


def read_id(value: Any) -> str | None:
    """Return another system's id as text; None unless it is a whole number or text that is not blank.

    None as well if it has more than LONGEST_ID characters: cut or hashed, it would be the id of nobody.
    """
    if isinstance(value, bool) or not isinstance(value, int | str) or is_unreadable(value):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= LONGEST_ID else None


def read_score(value: Any) -> int | None:
    """Return a score in points; None unless it is a whole number: 12, 12.0 or "12"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        digits = value.strip()
        if not (digits.isascii() and digits.removeprefix("-").isdigit() and len(digits) <= 17):
            return None
        value = int(digits)
    if not isinstance(value, int | float) or not abs(value) <= LARGEST_SCORE or value != int(value):
        return None
    return int(value)
