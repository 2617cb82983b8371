"""Text from outside on a terminal or in a log."""

import re

#: Control characters, those that change the direction, and those that nobody sees.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff]"
)


def show_text(text: str) -> str:
    r"""Return `text` with each invisible character as an escape such as \x1b or \u202e."""
    return _INVISIBLE.sub(lambda match: _escape(match[0]), text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
