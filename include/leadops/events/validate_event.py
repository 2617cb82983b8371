"""Whether an item that a sender gave us is a valid event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from leadops.events.bots import is_bot
from leadops.events.event_contract import Event
from leadops.events.event_refusal import EventRefusal, show_path
from leadops.events.event_settings import EventSettings
from leadops.events.field_changes import FieldChange
from leadops.events.find_unusable import find_unusable
from leadops.events.form_spam import find_spam
from leadops.events.mail_events import MAIL_EVENTS
from leadops.events.normalize_event import is_nobodys_id, normalize_event

#: No event of a browser, an app or a webinar is older than this, not even history.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

#: Characters of a user agent that are examined.
LONGEST_AGENT = 1000

#: The only reason that comes with time: an event that was valid is refused for it when it is sent again.
TOO_OLD = "too_old"

#: Pydantic's type of a fault: our reason, and what to do about it.
_FAULTS = {
    "missing": ("missing_field", "is missing; every event carries it"),
    "string_too_short": ("empty_field", "is empty; leave it out or fill it"),
    "string_too_long": ("too_long", "is too long; the schema says how long it may be"),
    "string_pattern_mismatch": (
        "invalid_name",
        "must be lower-case letters, digits and _, such as page_view",
    ),
    "string_type": ("wrong_type", "must be a string"),
}


@dataclass(frozen=True)
class ValidItem:
    """A valid event, the item with the side fields that it has now, and what was changed for that."""

    event: Event
    item: dict[str, Any]
    changes: list[FieldChange]


def validate_item(
    item: object,
    *,
    now: datetime,
    arrived_at: datetime,
    settings: EventSettings,
    history: bool,
    user_agent: str | None = None,
    vouched: bool = False,
) -> ValidItem | EventRefusal:
    """Return `item` (parsed JSON, at most 200 levels deep) as an event, or why it is refused.

    Side fields are normalised first; see `normalize_event`. The reason is the first fault found. Age is
    counted up to `arrived_at`; a clock that is ahead is compared with `now`. The two differ when an event is
    validated again later. `history` lifts the limit on age. `user_agent` is the browser's header. `vouched`
    says that a person looked at it: then it is not spam.
    """
    if not isinstance(item, dict):
        return EventRefusal("not_an_object", "an event is a JSON object; see /schema/event.json")
    normal = normalize_event(item, settings)
    if unusable := find_unusable(
        normal.item, max_string_chars=settings.max_string_chars, max_depth=settings.max_depth
    ):
        return unusable
    try:
        event = Event.model_validate(normal.item)
    except ValidationError as error:
        return _describe_fault(error.errors(include_url=False, include_input=False)[0])
    # A mail service reports the user agents of machines, too: these acts are kept, and worth nothing.
    own_agent = event.context.user_agent if event.event not in MAIL_EVENTS else None
    agents = {own_agent or "", user_agent or ""}
    if any(is_bot(agent[:LONGEST_AGENT], settings.bots) for agent in agents):
        return EventRefusal(
            "known_bot", "the user agent is a known bot's; if it is a person's, add it to bots.never"
        )
    return (
        _check_identity(event, settings)
        or (None if vouched else _check_form(event, settings))
        or _check_time(event, now, arrived_at, settings, history)
        or ValidItem(event, normal.item, normal.changes)
    )


def _describe_fault(fault: Mapping[str, Any]) -> EventRefusal:
    """Return why an item is refused, from the first fault that pydantic found in it."""
    path = tuple(fault["loc"])
    name = show_path(path)
    if fault["type"] in _FAULTS:
        reason, advice = _FAULTS[fault["type"]]
        return EventRefusal(reason, f"{name} {advice}")
    if path[:1] == ("ts",):
        return EventRefusal("invalid_ts", "ts must be a time with its zone, such as 2026-07-01T09:30:00.000Z")
    if path[:1] == ("email",):
        return EventRefusal(
            "invalid_email", "email must be an address such as name@company.example; or leave it out"
        )
    return EventRefusal("wrong_type", f"{name} does not fit the schema; see /schema/event.json")


def _check_identity(event: Event, settings: EventSettings) -> EventRefusal | None:
    ids = {"anonymous_id": event.anonymous_id, "user_id": event.user_id}
    if not event.email and not any(ids.values()):
        return EventRefusal("no_identity", "give at least one of anonymous_id, user_id and email")
    for field, value in ids.items():
        if value and is_nobodys_id(value, settings):
            return EventRefusal("placeholder_id", f"{field} is a placeholder, not an id; leave it out")
    return None


def _check_form(event: Event, settings: EventSettings) -> EventRefusal | None:
    if event.event not in settings.forms.events:
        return None
    return find_spam(
        event.properties,
        email=event.email,
        visitor=event.anonymous_id,
        ts=event.ts,
        settings=settings.forms,
    )


def _check_time(
    event: Event, now: datetime, arrived_at: datetime, settings: EventSettings, history: bool
) -> EventRefusal | None:
    if event.ts > now + settings.max_ahead:
        return EventRefusal(
            "from_future", f"ts is more than {settings.max_ahead_minutes:g} minutes ahead; set the clock"
        )
    if event.ts < EARLIEST:
        return EventRefusal(TOO_OLD, "ts is before 1970; send when it happened")
    if not history and event.ts < arrived_at - settings.max_age:
        return EventRefusal(
            TOO_OLD,
            f"ts is more than {settings.max_age_hours:g} hours ago; past events are sent as history"
            " (X-Leadops-History: true, with the write key)",
        )
    return None
