"""Messages of Segment's libraries, and of RudderStack's, which speak the same, as events of our contract.

Sources: Segment's "HTTP API" (calls, limits, answers), "Spec: Common Fields" (fields, and how the clock of a
device is corrected) and the specs of Identify, Track, Page, Screen, Group and Alias
(twilio.com/docs/segment/connections/spec); the requests of segment-analytics-python 2.4 and rudder-sdk-python
2.1.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from leadops.events.clean_values import is_empty
from leadops.events.event_contract import NAME_PATTERN
from leadops.events.event_refusal import EventRefusal, RefusedItem
from leadops.normalization.event_names import fold_name

#: The calls, and the short names that Segment's library for browsers posts to.
CALLS = {
    "track": "track",
    "identify": "identify",
    "page": "page",
    "screen": "screen",
    "group": "group",
    "alias": "alias",
    "t": "track",
    "i": "identify",
    "p": "page",
    "s": "screen",
    "g": "group",
    "a": "alias",
}

#: Parts of a context that have a field of their own, or that nobody needs: an IP address is personal.
_OWN_CONTEXT = ("page", "campaign", "userAgent", "traits", "consent", "consentManagement", "ip")
_NAME = re.compile(NAME_PATTERN)


def read_message(
    message: object,
    *,
    call: str | None,
    sent_at: object,
    now: datetime,
    names: Mapping[str, str],
    max_bytes: int,
    context: Mapping[str, Any] | None = None,
) -> object:
    """Return a message (parsed JSON) as an event, not yet validated, or as a RefusedItem.

    `call` is the call that the address names; None: the message says it. `sent_at` is when the batch was
    sent, by the sender's clock; `names` are our names of their events, by `fold_name`. `context` is that of
    the batch, under the message's own; a RefusedItem has no copy of it.
    """
    if not isinstance(message, dict):
        return message
    message = {name: value for name, value in message.items() if name != "writeKey"}
    kind = call or message.get("type")
    if not isinstance(kind, str) or kind not in CALLS.values():
        who = {"anonymous_id": message.get("anonymousId"), "user_id": message.get("userId")}
        return RefusedItem(
            who | message,
            EventRefusal("unknown_call", "type must be track, identify, page, screen, group or alias"),
        )
    whole = message | {"context": {**context, **_as_object(message.get("context"))}} if context else message
    reader = MessageReader(whole, kind, sent_at=sent_at, now=now, names=names)
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode("utf-8", "replace")) <= max_bytes:
        return reader.read()
    own = (
        MessageReader(message, kind, sent_at=sent_at, now=now, names=names).read()
        if context
        else reader.read()
    )
    return RefusedItem(
        own, EventRefusal("too_large", f"an event is larger than {max_bytes // 1024} KB; send less")
    )


class MessageReader:
    """Reads one message of a known call."""

    def __init__(
        self,
        message: dict[str, Any],
        kind: str,
        *,
        sent_at: object,
        now: datetime,
        names: Mapping[str, str],
    ) -> None:
        self.message, self.kind, self.now, self.names = message, kind, now, names
        self.sent_at = sent_at if is_empty(message.get("sentAt")) else message["sentAt"]
        self.context = _as_object(message.get("context"))
        self.properties = _as_object(message.get("properties"))

    def read(self) -> dict[str, Any]:
        """Return the event."""
        item: dict[str, Any] = {
            "event_id": self._read_id(),
            "event": self._read_name(),
            "ts": self._read_time(),
            "properties": self._read_properties(),
            "context": self._read_context(),
        }
        user = self.message.get("userId")
        visitor = self.message.get("anonymousId")
        if self.kind == "alias":
            visitor = self.message.get("previousId") or visitor
        email = self._read_email()
        for name, value in (("anonymous_id", visitor), ("user_id", user), ("email", email)):
            if not is_empty(value):
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                item[name] = str(value) if is_number else value
        return item

    def _read_id(self) -> Any:
        """Return the messageId; else a hash of what the message says, and of the moment if undated."""
        given = self.message.get("messageId")
        if not is_empty(given):
            return str(given) if isinstance(given, int) and not isinstance(given, bool) else given
        said = {name: value for name, value in self.message.items() if name not in ("sentAt", "writeKey")}
        if is_empty(said.get("timestamp")) and is_empty(said.get("originalTimestamp")):
            said["receivedAt"] = self.now.isoformat()
        text = json.dumps([self.kind, said], sort_keys=True, default=str)
        return "segment-" + hashlib.sha256(text.encode()).hexdigest()[:40]

    def _read_name(self) -> Any:
        if self.kind == "page":
            return "page_view"
        if self.kind == "screen":
            return "screen_view"
        if self.kind != "track":
            return (
                "identify"  # a group says of a person's company what an identify says; an alias ties two ids
            )
        given = self.message.get("event")
        if not isinstance(given, str):
            return given
        folded = fold_name(given)
        if (ours := self.names.get(given) or self.names.get(folded)) is not None:
            return ours
        return folded if given.isascii() and _NAME.fullmatch(folded) else given

    def _read_time(self) -> Any:
        """Return when it happened by our clock: now, minus how long ago it was by the sender's."""
        given = self.message.get("originalTimestamp")
        given = self.message.get("timestamp") if is_empty(given) else given
        if is_empty(given):
            return self.now.isoformat()
        at, sent_at = _parse_time(given), _parse_time(self.sent_at)
        if at is None:
            return given
        try:
            return (self.now - (sent_at - at) if sent_at else at).isoformat()
        except OverflowError:
            return given

    def _read_traits(self) -> dict[str, Any]:
        """Return the traits of the person: those of an identify, and RudderStack's in the context."""
        own = _as_object(self.message.get("traits")) if self.kind == "identify" else {}
        return _as_object(self.context.get("traits")) | own

    def _read_email(self) -> Any:
        email = self._read_traits().get("email")
        return email if isinstance(email, str) else None

    def _read_properties(self) -> dict[str, Any]:
        if self.kind == "track":
            return self.properties
        if self.kind in ("page", "screen"):
            named = {name: self.message[name] for name in ("name", "category") if self.message.get(name)}
            return named | self.properties
        if self.kind == "identify":
            return _flatten_person(self._read_traits())
        return self._flatten_group() if self.kind == "group" else {}

    def _flatten_group(self) -> dict[str, Any]:
        """Return a company as the traits of its person; what else the group says stays in `group`."""
        traits = _as_object(self.message.get("traits"))
        known = {"company": traits.get("name"), "country": _as_object(traits.get("address")).get("country")}
        known |= {name: traits.get(name) for name in ("industry", "employees", "website")}
        rest = {name: value for name, value in traits.items() if name not in (*known, "name")}
        facts = known | {"group_id": self.message.get("groupId"), "group": rest}
        return {name: value for name, value in facts.items() if not is_empty(value)}

    def _read_context(self) -> dict[str, Any]:
        context = {name: value for name, value in self.context.items() if name not in _OWN_CONTEXT}
        page = _as_object(self.context.get("page"))
        if self.kind == "page":
            page = page | {
                name: self.properties[name] for name in ("url", "path") if self.properties.get(name)
            }
        found = {
            "page": _read_page(page) if self.kind != "screen" else self.message.get("name"),
            "site": _read_site(page),
            "user_agent": self.context.get("userAgent"),
            "utm": _read_campaign(self.context.get("campaign")),
            "consent": _read_consent(self.context),
        }
        return context | {name: value for name, value in found.items() if not is_empty(value)}


def _as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _parse_time(value: object) -> datetime | None:
    """Return a time with its zone, None if it is none."""
    try:
        at = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo else None


def _flatten_person(traits: dict[str, Any]) -> dict[str, Any]:
    """Return traits with the company and the country as texts, as rules ask for them."""
    company, address = traits.get("company"), traits.get("address")
    flat = {name: value for name, value in traits.items() if name != "email"}
    if isinstance(company, dict):
        flat |= {"company": company.get("name")}
        employees = company.get("employee_count", company.get("employees"))
        about = {
            "employees": employees,
            "industry": company.get("industry"),
            "website": company.get("website"),
        }
        flat = about | flat
    if isinstance(address, dict):
        flat = {"country": address.get("country")} | flat
    return {name: value for name, value in flat.items() if not is_empty(value)}


def _read_page(page: dict[str, Any]) -> Any:
    """Return the path, as the shipped rules expect it."""
    if not is_empty(page.get("path")):
        return page["path"]
    url = page.get("url")
    return _split(url)[1] or url if isinstance(url, str) else url


def _read_site(page: dict[str, Any]) -> str | None:
    url = page.get("url")
    return _split(url)[0] if isinstance(url, str) else None


def _split(url: str) -> tuple[str | None, str]:
    """Return host and path of an address, neither where it is none."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None, ""
    return host, parts.path or ("/" if host else "")


def _read_campaign(campaign: Any) -> Any:
    """Return the campaign as our `utm`, in which its name is `campaign`."""
    if not isinstance(campaign, dict):
        return campaign
    return {("campaign" if name == "name" else name): value for name, value in campaign.items()}


def _read_consent(context: dict[str, Any]) -> Any:
    """Return consent by purpose, of Segment's categories or RudderStack's ids, or else as it was sent."""
    consent, management = context.get("consent"), _as_object(context.get("consentManagement"))
    if isinstance(consent, dict) and isinstance(consent.get("categoryPreferences"), dict):
        return consent["categoryPreferences"]
    if management:
        by_purpose: dict[str, bool] = {}
        for name, is_given in (("allowedConsentIds", True), ("deniedConsentIds", False)):
            ids = management.get(name)
            listed = ids if isinstance(ids, list) else []
            by_purpose |= {purpose: is_given for purpose in listed if isinstance(purpose, str)}
        return by_purpose
    return consent
