"""A campaign, a source or another name from outside as a key of a table."""

import hashlib
import re
from urllib.parse import unquote

from leadops.normalization.blank_values import is_blank_cell
from leadops.normalization.clean_text import fold_text, trim_text

#: Characters of a key. A longer name keeps its beginning and gets a hash, so that two long names stay two.
LONGEST_KEY = 100
_HASH_CHARS = 12
#: A macro that nobody replaced: {{campaign.name}}, {campaignid}, ${id}, %%SITE%%, *|ID|*, <%= id %>, [SITE].
_MACRO = re.compile(
    r"\{\{.*\}\}|[$#]?\{[^{}]*\}|%%.*%%|%[a-z_.]+%|__[a-z_]+__|\*\|.*\|\*|<%.*%>|<[a-z_.-]+>"
    r"|\[(campaign|source|medium|site|ad|adset|adgroup|keyword|creative|placement)[a-z_. -]*\]"
    r"|\[(user|contact|visitor|customer|subscriber|email|id)[a-z_.-]*\]",
    re.IGNORECASE,
)
#: Some systems write an id so; it is not a macro.
_GUID = re.compile(r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}", re.IGNORECASE)


def make_dimension_key(name: str | None, *, fold_case: bool) -> str | None:
    """Return the key of `name`; None if it names nothing (blank, a placeholder, a macro nobody replaced).

    Names that differ in width, outer blanks or control characters have one key; with `fold_case` those that
    differ in case as well. A key has at most `LONGEST_KEY` characters.
    """
    if name is None or is_blank_cell(name):
        return None
    key = fold_text(name) if fold_case else trim_text(name)
    if is_macro(key):
        return None
    return shorten_text(key, LONGEST_KEY)


def is_macro(text: str) -> bool:
    """Return whether all of `text` is a macro or a placeholder of a template that nobody replaced.

    It may be percent-encoded, as a part of an address is: %7B%7Bcampaign.name%7D%7D.
    """
    forms = (text, unquote(text)) if "%" in text else (text,)
    return any(_MACRO.fullmatch(form) and not _GUID.fullmatch(form) for form in forms)


def shorten_text(text: str, longest: int) -> str:
    """Return `text`; if it has more than `longest` characters, its beginning and a hash of the whole."""
    if len(text) <= longest:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARS]
    return f"{text[: longest - _HASH_CHARS - 1]}~{digest}"
