"""Whether a value says nothing."""

import unicodedata
from typing import Any

from leadops.normalization.clean_text import fold_text

#: What people and programs write where they have nothing to say; compared without case and width.
#: NA alone is not among them: it is Namibia.
BLANK_WORDS = frozenset(
    {
        *("n/a", "n.a.", "n.a", "#n/a", "nil", "null", "(null)", "none", "(none)", "nan", "undefined"),
        *("not set", "(not set)", "not provided", "(not provided)", "not applicable", "not available"),
        *("unknown", "(unknown)", "(blank)", "blank", "(empty)", "[object object]"),
        *("不明", "なし", "無し", "無", "未定", "未入力", "未設定", "未記入", "該当なし", "特になし", "ナシ"),
    }
)
#: Not punctuation for Unicode, but used as a dash or a cross where nothing is known.
_DASHES = frozenset("ー−×~")


def is_blank(value: Any) -> bool:
    """Return whether `value` says nothing: None, blanks, punctuation alone, or a word such as N/A or 不明.

    0 and False say something; an empty list or object does not.
    """
    if value is None or value in ([], {}):
        return True
    if not isinstance(value, str):
        return False
    text = fold_text(value)
    return text in BLANK_WORDS or all(_is_mark(character) for character in text)


def _is_mark(character: str) -> bool:
    """Whether it is punctuation, a blank or a control character; an emoji is not."""
    return character in _DASHES or unicodedata.category(character)[0] in "PZC"
