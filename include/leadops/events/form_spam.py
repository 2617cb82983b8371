"""Whether a machine filled in a form: the signs that the form itself shows."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

from leadops.events.event_refusal import EventRefusal
from leadops.events.spam_settings import SpamSettings
from leadops.normalization.clean_text import fold_text
from leadops.normalization.email_address import normalise_email
from leadops.normalization.mail_providers import is_disposable_domain

#: How the reason of every form that looks like spam begins, in both quarantines.
SPAM = "spam_"

#: A link in folded text. What only has a dot may be a name: `J.Smith/Sales`.
_LINK = re.compile(r"https?:|://|\bwww\.|\[(?:url|link)\b|<\s*a\s")
#: A name that is written as a link.
_NAMED_LINK = re.compile(r"\[(?:url|link)\s*=|<\s*a\s[^>]*href")
#: What an empty checkbox or list says, in folded text.
_NOT_FILLED = ("", "false", "off", "no", "0", "null", "undefined")
#: Unix times above this are milliseconds: in seconds it is the year 5138.
_MILLISECONDS = 100_000_000_000


def is_spam(refusal: EventRefusal) -> bool:
    """Return whether `refusal` is of a form that looks like spam."""
    return refusal.reason.startswith(SPAM)


def find_spam(
    properties: Mapping[str, Any],
    *,
    email: object,
    visitor: object,
    ts: datetime | None,
    settings: SpamSettings,
) -> EventRefusal | None:
    """Return the first sign that a machine filled in the form, or None.

    `email` and `visitor` (anonymous_id) may be whatever was sent, `ts` is when the form was sent, None if
    unknown. The details repeat nothing of the form.
    """
    address = _read_address(email)
    if is_never_spam(address, visitor, settings):
        return None
    fields = {fold_text(name): value for name, value in properties.items()}
    if _is_trapped(fields, settings.honeypots):
        return EventRefusal("spam_honeypot", "a field that people do not see is filled in; see forms.yaml")
    if _is_too_fast(fields, ts, settings):
        return EventRefusal(
            "spam_too_fast", f"it was filled in within less than {settings.min_fill_seconds:g} seconds"
        )
    if settings.disposable_mail and address and is_disposable_domain(address.rpartition("@")[2]):
        return EventRefusal("spam_disposable_mail", "the address is one of disposable mail")
    if any(_LINK.search(text) for text in _read_texts(fields, settings.person_names)):
        return EventRefusal("spam_links", "the name of the person is a link")
    if settings.named_links and any(_NAMED_LINK.search(text) for text in _read_texts(fields, settings.texts)):
        return EventRefusal("spam_links", "names in the text are links")
    return None


def is_never_spam(email: str | None, visitor: object, settings: SpamSettings) -> bool:
    """Return whether the settings say that forms of this address, its domain or this browser are not spam."""
    if not settings.never:
        return False
    known = [fold_text(visitor)] if isinstance(visitor, str) else []
    if email:
        known += [email, email.rpartition("@")[2]]
    return not settings.never.isdisjoint(known)


def read_free_text(properties: Mapping[str, Any], settings: SpamSettings) -> str | None:
    """Return the longest of the texts that somebody wrote, folded; None if people may write alike."""
    limits = settings.same_text
    fields = {fold_text(name): value for name, value in properties.items()}
    text = max(_read_texts(fields, settings.texts), key=len, default="")
    if limits is None or (len(text) < limits.min_chars and not _LINK.search(text)):
        return None
    return text


def _read_address(email: object) -> str | None:
    try:
        return normalise_email(email) if isinstance(email, str) else None
    except ValueError:
        return None


def _is_trapped(fields: Mapping[str, Any], honeypots: Collection[str]) -> bool:
    return any(_is_filled(fields[name]) for name in honeypots if name in fields)


def _is_filled(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_filled, value.values()))
    if isinstance(value, list):
        return any(map(_is_filled, value))
    return bool(value) and fold_text(str(value)) not in _NOT_FILLED


def _is_too_fast(fields: Mapping[str, Any], ts: datetime | None, settings: SpamSettings) -> bool:
    if settings.min_fill_seconds is None:
        return False
    seconds = list(_read_seconds(fields, ts, settings))
    return bool(seconds) and min(seconds) < settings.min_fill_seconds


def _read_seconds(fields: Mapping[str, Any], ts: datetime | None, settings: SpamSettings) -> Iterator[float]:
    """Yield the longest time, in seconds, that filling in may have taken, by each field that says it."""
    for name in settings.fill_seconds & fields.keys():
        number = _read_number(fields[name])
        if number is not None and number >= 0:
            yield number
    if ts is None:
        return
    # A time in whole seconds may stand for any moment of its second.
    latest = ts if ts.microsecond else ts + timedelta(seconds=1)
    for name in settings.shown_at & fields.keys():
        shown = _read_time(fields[name])
        if shown is not None and shown <= latest:
            yield (latest - shown).total_seconds()


def _read_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _read_time(value: Any) -> datetime | None:
    """Return the time in a field: RFC 3339 with zone, or Unix time; None if it is neither."""
    number = _read_number(value)
    try:
        if number is not None:
            return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
        at = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return at if at is not None and at.tzinfo else None


def _read_texts(fields: Mapping[str, Any], names: Collection[str]) -> Iterator[str]:
    for name in names:
        value = fields.get(name)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                yield fold_text(text)
