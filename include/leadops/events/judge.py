"""Whether one item that a sender gave us is an event we believe."""

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from leadops.events.bots import is_bot
from leadops.events.contract import Event
from leadops.events.event_settings import EventSettings
from leadops.events.refusal import Refusal, show_path
from leadops.events.usable import find_unusable

#: Nothing that a browser, an app or a webinar tells of is older than this, not even history.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

#: Characters of a user agent that are looked at.
LONGEST_AGENT = 1000

#: Pydantic's word for a fault: ours, and what to do about it.
_FAULTS = {
    "missing": ("missing_field", "is missing; every event carries it"),
    "extra_forbidden": ("unknown_field", "is no field of an event; put it under properties"),
    "string_too_short": ("empty_field", "is empty; leave it out or fill it"),
    "string_too_long": ("too_long", "is too long; the schema says how long it may be"),
    "string_pattern_mismatch": (
        "invalid_name",
        "must be lower-case letters, digits and _, such as page_view",
    ),
    "string_type": ("wrong_type", "must be a string"),
    "dict_type": ("wrong_type", "must be an object"),
    "model_type": ("wrong_type", "must be an object"),
    "bool_type": ("wrong_type", "must be true or false"),
}


def judge_item(
    item: object,
    *,
    now: datetime,
    arrived_at: datetime,
    settings: EventSettings,
    history: bool,
    user_agent: str | None = None,
) -> Event | Refusal:
    """Return `item` (parsed JSON) as an Event, or why it is refused; the first fault found counts.

    Age is counted up to `arrived_at`, a clock that is ahead by `now`: the two differ when an event is judged
    again later. `history` lifts the limit on age. `user_agent` is the browser's own word in its request.
    """
    if not isinstance(item, dict):
        return Refusal("not_an_object", "an event is a JSON object; see /schema/event.json")
    if unusable := find_unusable(
        item, max_string_chars=settings.max_string_chars, max_depth=settings.max_depth
    ):
        return unusable
    try:
        event = Event.model_validate(item)
    except ValidationError as error:
        return explain(error.errors(include_url=False, include_input=False)[0])  # type: ignore[arg-type]
    agents = {event.context.user_agent or "", user_agent or ""}
    if any(is_bot(agent[:LONGEST_AGENT], settings.bots) for agent in agents):
        return Refusal(
            "known_bot", "the user agent is a known bot's; if it is a person's, add it to bots.never"
        )
    return _judge_identity(event, settings) or _judge_time(event, now, arrived_at, settings, history) or event


def explain(fault: dict[str, Any]) -> Refusal:
    """Return why an item is refused, from the first fault that pydantic found in it."""
    path = tuple(fault["loc"])
    name = show_path(path)
    if fault["type"] in _FAULTS:
        reason, advice = _FAULTS[fault["type"]]
        return Refusal(reason, f"{name} {advice}")
    if path[:1] == ("ts",):
        return Refusal("invalid_ts", "ts must be a time with its zone, such as 2026-07-01T09:30:00.000Z")
    if path[:1] == ("email",):
        return Refusal(
            "invalid_email", "email must be an address such as name@company.example; or leave it out"
        )
    return Refusal("wrong_type", f"{name} does not fit the schema; see /schema/event.json")


def _judge_identity(event: Event, settings: EventSettings) -> Refusal | None:
    ids = {"anonymous_id": event.anonymous_id, "user_id": event.user_id}
    if not event.email and not any(ids.values()):
        return Refusal("no_identity", "give at least one of anonymous_id, user_id and email")
    for field, value in ids.items():
        if value and (not value.strip() or value.strip().lower() in settings.placeholder_ids):
            return Refusal("placeholder_id", f"{field} is a placeholder, not an id; leave it out")
    return None


def _judge_time(
    event: Event, now: datetime, arrived_at: datetime, settings: EventSettings, history: bool
) -> Refusal | None:
    if event.ts > now + settings.max_ahead:
        return Refusal(
            "from_future", f"ts is more than {settings.max_ahead_minutes:g} minutes ahead; set the clock"
        )
    if event.ts < EARLIEST:
        return Refusal("too_old", "ts is before 1970; send when it happened")
    if not history and event.ts < arrived_at - settings.max_age:
        return Refusal(
            "too_old",
            f"ts is more than {settings.max_age_hours:g} hours ago; past events are sent as history"
            " (X-Leadops-History: true, with the write key)",
        )
    return None
