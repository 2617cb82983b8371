"""The side fields of an event, normalised before it is validated; its core stays as the sender wrote it."""

from dataclasses import dataclass
from typing import Any

from leadops.events.clean_values import is_empty
from leadops.events.event_contract import LONGEST_SIGNATURE, Event
from leadops.events.event_settings import EventSettings
from leadops.events.field_changes import ChangeKind, FieldChange, FieldChanges
from leadops.events.normalize_fields import normalize_details
from leadops.normalization.clean_text import fold_text
from leadops.normalization.email_address import normalise_email
from leadops.normalization.lenient_json import RepeatedKeys
from leadops.normalization.placeholder_ids import is_placeholder_id

#: Who did it, the surest first.
_IDENTIFIERS = ("email", "user_id", "anonymous_id")


@dataclass(frozen=True)
class NormalizedItem:
    """An item whose side fields fit the contract, and what was changed for that."""

    item: Any
    changes: list[FieldChange]


def normalize_event(item: Any, settings: EventSettings) -> NormalizedItem:
    """Return `item` (parsed JSON, at most 200 levels deep) with side fields that fit the contract.

    Side fields are properties, context, fields that the contract does not know, identifiers that say nothing,
    and an anonymous_id that is a placeholder beside another identifier. event_id, event, ts and every other
    identifier stay as they are: `validate_item` says whether they are right.
    """
    if not isinstance(item, dict):
        return NormalizedItem(item, [])
    changes = FieldChanges()
    if isinstance(item, RepeatedKeys):
        changes.add((), ChangeKind.REPEATED_KEY)
    normal: dict[str, Any] = {name: item[name] for name in ("event_id", "event", "ts") if name in item}
    for name in _IDENTIFIERS:
        value = item.get(name)
        if value is None:
            continue
        if is_empty(value):
            changes.add((name,), ChangeKind.EMPTY)
        elif name == "anonymous_id" and _is_beside_the_point(value, normal, settings):
            changes.add((name,), ChangeKind.PLACEHOLDER)
        else:
            normal[name] = value
    if isinstance(item.get("signature"), str) and len(item["signature"]) <= LONGEST_SIGNATURE:
        normal["signature"] = item["signature"]  # anything else proves nothing, and is left out
    if note := note_email_change(normal.get("email")):
        changes.add(("email",), note)
    normal |= normalize_details(item, known=Event.model_fields, settings=settings, changes=changes)
    return NormalizedItem(normal, changes.named)


def is_nobodys_id(value: str, settings: EventSettings) -> bool:
    """Return whether an identifier of any kind stands for nobody, by the rule or the site's own list."""
    return is_placeholder_id(value) or fold_text(value) in settings.placeholder_ids


def note_email_change(value: object) -> ChangeKind | None:
    """Return what becomes of an address beyond trimming and lower case, None if nothing."""
    if not isinstance(value, str) or value.isascii():
        return None
    try:
        normalise_email(value)
    except ValueError:
        return None
    return ChangeKind.TO_ASCII


def _is_beside_the_point(value: object, others: dict[str, Any], settings: EventSettings) -> bool:
    has_other = "email" in others or "user_id" in others
    return has_other and isinstance(value, str) and is_nobodys_id(value, settings)
