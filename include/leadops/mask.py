"""The one place that what another system says passes before it is stored, logged, posted or raised.

Gateways and firewalls repeat the request in their errors: with its token, and with the people it is about.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import orjson

#: Secrets shorter than this would blank ordinary words.
SHORTEST_SECRET = 5
#: Values of a request shorter than this are hidden by no search: JP, ok.
SHORTEST_VALUE = 3
#: Characters of a text that are looked at; no reason that a person reads is longer.
LONGEST_LOOK = 4_000

#: What stands for letters that are not shown.
MASK = "•••"

EMAIL = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:]+\.[^\s@<>\"'(),;:]+")
#: The same with the other at signs of names and addresses of pages: full width, and as a URL has it.
_ANY_ADDRESS = re.compile(
    r"([^\s@\uff20<>\"'(),;:=%/?&]+)(?:@|\uff20|%40)([^\s@\uff20<>\"'(),;:%/?&]+\.[^\s@\uff20<>\"'(),;:%/?&]+)",
    re.IGNORECASE,
)
#: What says of itself that it is a secret: a scheme (RFC 9110, 11.4), a name before it, or a known shape.
_TOKENS = re.compile(
    r"(?:(?<=bearer )|(?<=basic )|(?<=token )|(?<=bearer: ))[\w.~+/=-]{5,}"
    r"|(?:(?<=token=)|(?<=token\":\")|(?<=key=)|(?<=secret=)|(?<=password=)|(?<=signature=))[^\s&\"',;]{4,}"
    r"|\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}|https://hooks\.slack\.com/\S+"  # Slack
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)?"  # a JSON Web Token (RFC 7519)
    r"|\b(?:sk|pk|rk|pat|ghp|gho|glpat|AKIA|SG)[-_.]?(?=[\w.-]*\d)[\w.-]{16,}"
    # Long, and of digits and letters; shorter ones have small and capital letters too. Words of other scripts
    # are written without spaces, so these are ASCII.
    r"|(?<![A-Za-z0-9_-])[0-9a-f]{32,}(?![A-Za-z0-9_-])"
    r"|(?<![A-Za-z0-9_-])(?=[A-Za-z_-]*[0-9])(?=[0-9_-]*[A-Za-z])[A-Za-z0-9_-]{32,}"
    r"|(?-i:(?<![A-Za-z0-9_-])(?=[A-Za-z_-]*[0-9])(?=[a-z0-9_-]*[A-Z])(?=[A-Z0-9_-]*[a-z])[A-Za-z0-9_-]{20,})",
    re.IGNORECASE,
)
#: International (ITU-T E.123) or with the 0 of a national one; a date or an amount begins otherwise.
_PHONE = re.compile(r"(?<![\w.+-])(?:\+|\(?0)\d[\d ()./\-\u2010-\u2015]{6,18}\d(?![\w-])")

_secrets = set[str]()


def remember_secrets(values: Iterable[str]) -> None:
    """Let every text that passes here from now on lose these secrets; the process keeps them."""
    _secrets.update(value for value in values if len(value) >= SHORTEST_SECRET)


class SentValues:
    """The values of a request: what an answer repeats of them is hidden."""

    def __init__(self, body: bytes | str | None = None, *others: str) -> None:
        """Take the JSON `body` of the request, and `others`: values of its query."""
        values = set(others) | _read_values(body)
        words = {word for value in values for word in re.findall(r"\w+", value) if not _is_plain(word)}
        found = {value.casefold() for value in values | words if len(value) >= SHORTEST_VALUE}
        self._values = sorted(found, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """Return `text` with […] in place of each value, in any case."""
        folded = text.casefold()
        present = [value for value in self._values if value in folded]
        if not present:
            return text
        pattern = "|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in present)
        return re.sub(pattern, "[…]", text, flags=re.IGNORECASE)


def hide_known_secrets(text: str) -> str:
    """Return `text` without our own secrets; what has the shape of one stays, as in a body to be repaired."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text


def hide_private(text: str, sent: SentValues | None = None) -> str:
    """Return `text` without secrets, addresses and telephone numbers, and without what was sent."""
    text = hide_known_secrets(text)
    text = _TOKENS.sub("[secret]", EMAIL.sub("[e-mail]", text))
    return _PHONE.sub("[phone]", sent.hide(text) if sent else text)


def mask_text(text: object, *, longest: int = 120, sent: SentValues | None = None) -> str:
    """Return the first line of `text` as `hide_private` leaves it, cut to `longest` characters."""
    lines = str(text).strip().splitlines()
    masked = hide_private(lines[0][:LONGEST_LOOK] if lines else "", sent).strip()
    return masked if len(masked) <= longest else masked[: longest - 1].rstrip() + "…"


def mask_name(name: str) -> str:
    """Return a name or an address as the first letters of its parts, which tell two apart: a•••@b•••."""
    return "@".join(f"{part[:1]}{MASK}" for part in name.strip().split("@", 1))


def mask_addresses(text: str) -> str:
    """Return `text` with each mail address masked so that two still differ: a•••@b•••#3f1c.

    The four digits are of its hash: a campaign or a salesperson can be chosen by the masked name.
    """
    return _ANY_ADDRESS.sub(_mask_address, text)


def _mask_address(found: re.Match[str]) -> str:
    local, domain = found.groups()
    digits = sha256(f"{local}@{domain}".casefold().encode()).hexdigest()[:4]
    return f"{mask_name(f'{local}@{domain}')}#{digits}"


def _read_values(body: bytes | str | None) -> set[str]:
    """Return the texts and the long numbers in a JSON body; of another body its words."""
    if not body:
        return set()
    try:
        parsed = orjson.loads(body)
    except ValueError:
        text = body if isinstance(body, str) else body.decode(errors="replace")
        return set(re.findall(r"[^\s&=]{3,}", text))
    return set(_walk(parsed))


def _walk(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool) and len(str(value)) >= SHORTEST_VALUE:
        yield str(value)


def _is_plain(word: str) -> bool:
    """Whether it is an ordinary word that names nobody by itself: small ASCII letters alone."""
    return word.isascii() and word.isalpha() and word.islower()
