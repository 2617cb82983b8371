"""Text that PostgreSQL can store, and text that can be compared."""

import re
import unicodedata
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
#: Zero-width and formatting characters (Unicode Cf) that hide in copied text and change no meaning.
_HIDDEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
#: Beside Unicode's blanks those that only look blank: Braille without dots and the fillers of Hangul.
_BLANKS = re.compile("[\\s\u2800\u115f\u1160]+")


def clean_text(text: str) -> str:
    """Return `text` without NUL and with U+FFFD for each lone surrogate: PostgreSQL stores neither."""
    return _SURROGATE.sub("\ufffd", text).replace("\0", "")


def clean_json(value: Any) -> Any:
    """Return parsed JSON with every string and key cleaned; `value` itself stays as it is.

    Two keys that become the same keep the later value, as with a key that is given twice.
    """
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): clean_json(item) for key, item in value.items()}
    return value


def trim_text(text: str) -> str:
    """Return `text` in Unicode's form NFKC on one line, without what nobody sees.

    Full-width letters become ASCII, half-width katakana full-width. Zero-width and control characters are
    removed, each run of blanks becomes one space, outer blanks go.
    """
    seen = _CONTROL.sub("", _HIDDEN.sub("", clean_text(text)))
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", seen)).strip()


def fold_text(text: str) -> str:
    """Return `text` as it is compared: trimmed and without case.

    Folding can undo NFKC (Unicode Standard, 3.13), so that it is normalised once more.
    """
    return unicodedata.normalize("NFKC", trim_text(text).casefold())
