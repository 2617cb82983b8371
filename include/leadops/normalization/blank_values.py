"""Whether a value says nothing."""

import unicodedata
from typing import Any

from leadops.normalization.clean_text import fold_text

#: What people and programs write where they have nothing to say; compared without case and width, and without
#: punctuation around it: (none), <null>, N/A. and （なし）. NA alone is not among them: it is Namibia.
BLANK_WORDS = frozenset(
    {
        *("n/a", "n.a", "nil", "null", "none", "nan", "undefined"),
        *("not set", "not provided", "not applicable", "not available"),
        *("unknown", "blank", "(empty)", "object object"),
        *("不明", "なし", "無し", "無", "未定", "未入力", "未設定", "未記入", "該当なし", "特になし", "ナシ"),
        # The first entry of a list, which nobody changed. "Select" alone may be a name.
        *("please select", "please choose", "select one", "select an option", "--select--", "-- select --"),
        *("選択してください", "選択して下さい", "未選択", "選択なし", "未回答", "回答なし"),
        *("bitte wählen", "bitte auswählen"),
    }
)
#: Not punctuation for Unicode, but used as a dash, a cross or a bracket where nothing is known.
_OTHER_MARKS = frozenset("ー−×~<>")


#: What a record says that was asked and got no answer.
UNKNOWN = "unknown"


def is_blank_cell(value: Any) -> bool:
    """Return whether a cell or a name says nothing; unlike in a trait, the word unknown says something there.

    Who asked a lead for its origin and got no answer is counted beside those who never asked.
    """
    return is_blank(value) and not (isinstance(value, str) and fold_text(value) == UNKNOWN)


def is_blank(value: Any) -> bool:
    """Return whether `value` says nothing: None, blanks, punctuation alone, or a word such as N/A or 不明.

    0 and False say something; an empty list or object does not.
    """
    if value is None or value in ([], {}):
        return True
    if not isinstance(value, str):
        return False
    text = fold_text(value)
    if text in BLANK_WORDS:
        return True
    first, last = 0, len(text)
    while first < last and _is_mark(text[first]):
        first += 1
    while first < last and _is_mark(text[last - 1]):
        last -= 1
    return first == last or text[first:last] in BLANK_WORDS


def _is_mark(character: str) -> bool:
    """Whether it is punctuation, a blank or a control character; an emoji is not."""
    return character in _OTHER_MARKS or unicodedata.category(character)[0] in "PZC"
