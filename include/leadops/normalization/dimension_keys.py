"""A campaign, a source or another name from outside as a key of a table."""

import hashlib
import re

from leadops.normalization.blank_values import is_blank
from leadops.normalization.clean_text import fold_text, trim_text

#: Characters of a key. A longer name keeps its beginning and gets a hash, so that two long names stay two.
LONGEST_KEY = 100
_HASH_CHARS = 12
#: A macro that the ad network did not replace: {{campaign.name}}, {campaignid}, %%CAMPAIGN%%, [CAMPAIGN].
_MACRO = re.compile(
    r"\{\{.*\}\}|\$?\{[^{}]*\}|%%.*%%|__[a-z_]+__"
    r"|\[(campaign|source|medium|site|ad|adset|adgroup|keyword|creative|placement)[a-z_. -]*\]",
    re.IGNORECASE,
)


def make_dimension_key(name: str | None, *, fold_case: bool) -> str | None:
    """Return the key of `name`; None if it names nothing (blank, a placeholder, a macro nobody replaced).

    Names that differ in width, outer blanks or control characters have one key; with `fold_case` those that
    differ in case as well. A key has at most `LONGEST_KEY` characters.
    """
    if name is None or is_blank(name):
        return None
    key = fold_text(name) if fold_case else trim_text(name)
    if _MACRO.fullmatch(key):
        return None
    return shorten_text(key, LONGEST_KEY)


def shorten_text(text: str, longest: int) -> str:
    """Return `text`; if it has more than `longest` characters, its beginning and a hash of the whole."""
    if len(text) <= longest:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARS]
    return f"{text[: longest - _HASH_CHARS - 1]}~{digest}"
