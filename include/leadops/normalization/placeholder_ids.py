"""Identifiers that everybody has, and identifiers that are too long."""

import re

from leadops.normalization.blank_values import is_blank
from leadops.normalization.clean_text import fold_text
from leadops.normalization.dimension_keys import is_macro, shorten_text

#: Values that a script or a form sends for "nobody"; beside these, everything that is blank.
PLACEHOLDER_IDS = frozenset(
    {
        "anonymous",
        "anon",
        "guest",
        "visitor",
        "user",
        "test",
        "id",
        "userid",
        "user_id",
        "-1",
        "true",
        "false",
    }
    | {"deleted", "default", "dummy", "sample", "example", "anonymous_user", "not_logged_in", "logged_out"}
)
#: Digits of an id that a system counted up to; a longer one of equal digits was typed.
LONGEST_COUNTED = 5
_MARKS = re.compile(r"[\W_]+")


def is_placeholder_id(value: str) -> bool:
    """Return whether an identifier of any kind belongs to nobody.

    Blanks, words such as undefined or guest, a macro that nobody replaced ({{user_id}}), and one character
    repeated: 0, 0000, xxxx, a UUID of zeros. A short number such as 22 or 1111 is somebody's where ids are
    counted.
    """
    text = fold_text(value)
    if is_blank(value) or text in PLACEHOLDER_IDS or is_macro(text):
        return True
    characters = _MARKS.sub("", text)
    if len(set(characters)) != 1 or characters == "0":
        return characters in ("", "0")
    return len(characters) > (LONGEST_COUNTED if characters[0] in "123456789" else 1)


def bound_id(value: str, longest: int) -> str:
    """Return `value`; if it is longer than `longest` characters, its beginning and a hash of the whole.

    A cut alone would make one identifier of two.
    """
    return shorten_text(value, longest)
