"""Paths of pages, compared by their segments: /pricing is not /pricing-careers.

A pattern becomes a regular expression over `context.page`, which is a path or a URL as the browser had it: in
any case, percent-encoded, below a locale such as /ja, with a trailing slash, an extension or a query.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

#: Endings of a file that a server sends as a page; they are not a part of the path.
_EXTENSION = r"\.(?:html?|xhtml|php|aspx?|jsp)"
_PARAMETERS = "(?:;[^/?#]*)?"
#: Names of the file that stands for its folder.
_INDEX = f"(?:/+(?:index|default){_EXTENSION})?"
_END = f"{_PARAMETERS}/*(?:[?#]|$)"


@dataclass(frozen=True)
class PagePattern:
    """A path in a rule: its segments, decoded and in lower case, and whether only that page fits."""

    segments: tuple[str, ...]
    is_exact: bool  # False: the pages below it, too

    @property
    def weight(self) -> tuple[int, bool]:
        """Of two patterns that fit a page, the one with the greater weight is more specific."""
        return len(self.segments), self.is_exact

    def __str__(self) -> str:
        """Return it as in the rule file."""
        return ("path_is: /" if self.is_exact else "path: /") + "/".join(self.segments)


def read_pattern(text: str, *, is_exact: bool) -> PagePattern:
    """Return the pattern that a rule file writes as `text`; raise ValueError if it is not a path."""
    if not text.startswith("/") or re.search(r"[?#;*\s]", text):
        raise ValueError(
            f"{text!r} must be a path such as /pricing: with / first, without a query, a blank, ; or *"
        )
    segments = [_fold(unquote(segment)) for segment in text.split("/") if segment]
    if segments and (ending := re.search(f"{_EXTENSION}$", segments[-1])):
        name = segments.pop()[: ending.start()]
        segments += [name] if name not in ("", "index", "default") else []
    return PagePattern(tuple(segments), is_exact)


@lru_cache(maxsize=1024)
def page_regex(pattern: PagePattern, locales: tuple[str, ...]) -> str:
    """Return a regular expression, for PostgreSQL and for `re`, without case, that finds pages of `pattern`.

    Up to two first segments of a page that are one of `locales`, alone or with more after a hyphen (en-us),
    are not counted; a pattern that begins with a locale is for that locale.
    """
    # The host goes up to the first slash; a path without one is read as if it had it.
    host, start = r"^(?:[a-z][a-z0-9+.-]*://[^/?#]*/+|/*)", ""
    if locales:
        locale = f"(?:{'|'.join(map(re.escape, locales))})(?:[-_][a-z0-9]+)*{_PARAMETERS}"
        start = f"(?:{locale}/+){{0,2}}"
    if not pattern.segments:
        if not pattern.is_exact:
            return "^"
        tail = f"(?:{locale}(?:/+{locale})?)?" if locales else ""
        index = f"(?:(?:index|default){_EXTENSION})?"
        return rf"^(?:[a-z][a-z0-9+.-]*://[^/?#]*)?/*{tail}/*{index}{_END}"
    path = f"{_PARAMETERS}/+".join(_segment_regex(segment) for segment in pattern.segments)
    page = f"(?:{_EXTENSION}|{_PARAMETERS}{_INDEX}){_END}"
    return f"{host}{start}{path}(?:{page}{'' if pattern.is_exact else f'|{_PARAMETERS}/'})"


def fits_page(pattern: PagePattern, page: str, locales: tuple[str, ...]) -> bool:
    """Return whether `page`, a path or a URL, is one of `pattern`, as PostgreSQL decides it."""
    return (
        re.search(page_regex(pattern, locales).replace("$", r"\Z"), page, re.IGNORECASE | re.ASCII)
        is not None
    )


def hint_regex(patterns: Sequence[PagePattern]) -> str | None:
    """Return what every page of one of `patterns` has in it, quicker to find than the pages; None: unknown.

    Most events are pages of no rule, and PostgreSQL is at once done with those.
    """
    hints = [max(filter(str.isascii, each.segments), key=len, default="") for each in patterns]
    return "|".join([*map(re.escape, hints), "%"]) if all(hints) else None


def can_share_page(one: PagePattern, other: PagePattern, locales: tuple[str, ...]) -> bool:
    """Return whether a page may fit both patterns, whatever locale each of them names."""
    first, second = _strip_locales(one.segments, locales), _strip_locales(other.segments, locales)
    if (one.is_exact and len(first) < len(second)) or (other.is_exact and len(second) < len(first)):
        return False
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter]


def _strip_locales(segments: tuple[str, ...], locales: tuple[str, ...]) -> tuple[str, ...]:
    count = 0
    while count < min(2, len(segments)) and re.split("[-_]", segments[count])[0] in locales:
        count += 1
    return segments[count:]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()


def _segment_regex(segment: str) -> str:
    """Return what finds `segment` with any of its characters percent-encoded, composed or not."""
    spellings = dict.fromkeys(unicodedata.normalize(form, segment) for form in ("NFC", "NFD"))
    found = ["".join(map(_character_regex, spelling)) for spelling in spellings]
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


@lru_cache(maxsize=4096)
def _character_regex(character: str) -> str:
    # Case is ignored for ASCII everywhere; other alphabets are spelled out, whatever the database's locale.
    forms = dict.fromkeys(form for form in (character.lower(), character.upper()) if len(form) == 1)
    options: list[str] = []
    for form in forms or [character]:
        literal = form if form.isalnum() or not form.isascii() else f"\\{form}"
        options += [literal, "".join(f"%{byte:02x}" for byte in form.encode())]
    return f"(?:{'|'.join(dict.fromkeys(options))})"
