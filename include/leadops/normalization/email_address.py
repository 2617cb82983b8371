"""An email address as it is compared: ASCII in lower case, or none."""

import re
import unicodedata

import idna

from leadops.normalization.clean_text import trim_text

#: What a browser's <input type=email> takes (WHATWG HTML, "valid e-mail address"), with a dot in the domain.
EMAIL_PATTERN = (
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)
LONGEST_EMAIL = 254

_email = re.compile(EMAIL_PATTERN, re.ASCII)
#: An address as a mail program copies it: "Ann Buyer <ann@buyer.example>", or a link to it.
_NAMED = re.compile(r"(?P<name>[^<>@]*)<\s*(?P<address>[^<>]+?)\s*>")
_LINK = re.compile(r"mailto:(?P<address>[^?]+)(?:\?.*)?", re.IGNORECASE)
#: What people type on both sides of the @ for an address they do not want to give.
_NOBODYS = frozenset(
    {"none", "na", "no", "nomail", "noemail", "nobody", "nothing", "null", "undefined", "unknown"}
    | {"test", "asdf", "aaa", "abc", "xxx"}
)
#: The full stops of Chinese and Japanese, which an input method types for the dot (UTS 46).
_FULL_STOPS = str.maketrans({"。": ".", "｡": "."})
#: The full-width forms of ASCII: what a Japanese input method types for it.
_FULL_WIDTH = range(0xFF01, 0xFF5F)


def normalise_email(value: str) -> str:
    """Return `value` trimmed and in lower case; raise ValueError if it is not an email address.

    Full-width letters become ASCII, an international domain becomes punycode (IDNA 2008). "Ann <a@b.example>"
    and mailto: are unwrapped, points at the end go. A character that only looks like ASCII, such as the
    Kelvin sign, is refused: it would become somebody else's address. So is none@none.com, which many type.
    """
    value = _unwrap(value)
    if value.isascii():
        address = value.strip()
    else:
        _refuse_look_alikes(value)
        name, _, domain = trim_text(value).rpartition("@")
        address = f"{name}@{encode_host(domain)}"
    address = address.lower() if address.isascii() else ""
    if len(address) > LONGEST_EMAIL or not _email.fullmatch(address):
        raise ValueError("must be an email address such as name@company.example")
    name, _, domain = address.partition("@")
    if name in _NOBODYS and name == domain.partition(".")[0]:
        raise ValueError("must be the email address of a person; this one is typed by many")
    return address


def _unwrap(value: str) -> str:
    """Return the one address in `value` without a name before it, a link's scheme, and points after it."""
    text = value.strip()
    if wrapped := _NAMED.fullmatch(text):
        text = wrapped["address"]
    if link := _LINK.fullmatch(text):
        text = link["address"]
    return text.rstrip(".。｡．,;")


def encode_host(host: str) -> str:
    """Return the name of a host in lower case, as punycode where it is not ASCII; raise ValueError."""
    _refuse_look_alikes(host)
    name = trim_text(host.translate(_FULL_STOPS))
    return name.lower() if name.isascii() else idna.encode(name.lower()).decode()


def _refuse_look_alikes(text: str) -> None:
    """Raise ValueError for a character that turns into ASCII and is not its full-width form."""
    for character in text:
        if character.isascii() or ord(character) in _FULL_WIDTH or character.isspace():
            continue
        forms = unicodedata.normalize("NFKC", character), character.lower()
        if any(form != character and not _is_blank(form) and _has_ascii(form) for form in forms):
            raise ValueError("holds a character that only looks like a letter of an address")


def _has_ascii(text: str) -> bool:
    return any(letter.isascii() for letter in text)


def _is_blank(text: str) -> bool:
    return not text.strip()
