"""A word of the CRM (a status, a kind of activity, the name of a field) as it is compared."""

import unicodedata

from leadops.normalization.clean_text import fold_text
from leadops.normalization.dimension_keys import shorten_text

#: Characters of a key. A longer word keeps its beginning and gets a hash, so that two long words stay two.
LONGEST_WORD_KEY = 100
#: Not a dash for Unicode, but one that people type.
_MINUS = "\u2212"


def make_word_key(word: str) -> str:
    """Return the key of `word`: without case, width, blanks, underscores and dashes.

    "Working - Contacted", working_contacted and WORKING-CONTACTED are workingcontacted. A word of nothing but
    dashes is its own key.
    """
    folded = fold_text(word)
    key = "".join(character for character in folded if not _is_separator(character))
    return shorten_text(key or folded, LONGEST_WORD_KEY)


def _is_separator(character: str) -> bool:
    """Whether it is a blank, a dash or a connector such as the underscore; the mark ー is a letter."""
    return character == _MINUS or unicodedata.category(character) in ("Zs", "Pd", "Pc")
