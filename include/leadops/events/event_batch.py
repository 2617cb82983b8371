"""Validates the items of a batch, and sorts them into rows of cdp.events and of the quarantine."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leadops.erased.entrance import EntryItem
from leadops.erased.erased_filter import ErasedFilter
from leadops.events.event_refusal import EventRefusal, RefusedItem
from leadops.events.event_settings import EventSettings
from leadops.events.find_unusable import find_unusable
from leadops.events.form_spam import is_spam
from leadops.events.proof import SIGNATURE, Proof, find_proof
from leadops.events.validate_event import TOO_OLD, ValidItem, validate_item
from leadops.tabular.times import parse_iso_time


@dataclass(frozen=True)
class QuarantinedItem:
    """A refused item: its place in the batch (from 0), its event_id if it has a usable one, and why."""

    index: int
    event_id: str | None
    reason: str
    detail: str


@dataclass(frozen=True)
class ChangedField:
    """A side field of the event at `index` that is stored otherwise than it was sent; see FieldChange."""

    index: int
    path: str
    what: str


@dataclass
class EventBatch:
    """Items, validated and sorted into rows of cdp.events and of cdp.quarantine."""

    items: list[object]
    now: datetime
    settings: EventSettings
    sender: Proof
    identity_secrets: Sequence[str]
    history: bool
    user_agent: str | None = None
    own_network: bool | None = None
    valid: list[dict[str, Any]] = field(default_factory=list, init=False)
    refused: list[dict[str, Any]] = field(default_factory=list, init=False)
    quarantined: list[QuarantinedItem] = field(default_factory=list, init=False)
    changed: list[ChangedField] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for index, item in enumerate(self.items):
            if isinstance(item, RefusedItem):
                self._refuse(index, item.item, item.refusal)
                continue
            verdict = self._validate(item, history=self.history)
            if isinstance(verdict, ValidItem):
                row = event_row(verdict, position=index, history=self.history)
                decided = {"proof": self._find_proof(verdict), "own_network": self.own_network}
                self.valid.append(row | decided)
                self.changed += [ChangedField(index, change.path, change.what) for change in verdict.changes]
            else:
                self._refuse(index, item, verdict)

    def list_refused(self, erased: ErasedFilter) -> list[EntryItem]:
        """Return by what refused items are recognised, behind the valid ones; undated ones of now."""
        entries = []
        for place, row in enumerate(self.refused, start=len(self.valid)):
            item = self.items[row["position"]]
            item = item.item if isinstance(item, RefusedItem) else item
            given = item if isinstance(item, dict) else {"": item}
            try:
                happened_at = parse_iso_time(given.get("ts"))
            except ValueError:
                happened_at = self.now
            entries.append(EntryItem(place, erased.hash_item(given), happened_at, is_proven=False))
        return entries

    def _validate(self, item: object, *, history: bool, vouched: bool = False) -> ValidItem | EventRefusal:
        return validate_item(
            item,
            now=self.now,
            arrived_at=self.now,
            settings=self.settings,
            history=history,
            user_agent=self.user_agent,
            vouched=vouched,
        )

    def _find_proof(self, valid: ValidItem) -> Proof:
        event = valid.event
        return find_proof(
            self.sender,
            email=event.email,
            user_id=event.user_id,
            signature=event.signature,
            secrets=self.identity_secrets,
        )

    def _name_old(self, item: object, why: EventRefusal) -> dict[str, Any]:
        """Return by what the store may know an item that was valid, or released, when it came before."""
        if why.reason != TOO_OLD and not is_spam(why):
            return {}
        valid = self._validate(item, history=True, vouched=True)
        if isinstance(valid, EventRefusal):
            return {}
        return {"event_id": valid.event.event_id, "own_proof": self._find_proof(valid)}

    def _refuse(self, index: int, item: object, why: EventRefusal) -> None:
        self.quarantined.append(QuarantinedItem(index, _usable_id(item), why.reason, why.detail))
        # Whoever has a signature can say that they are the person, so it is not kept.
        kept = {name: item[name] for name in item if name != SIGNATURE} if isinstance(item, dict) else item
        # Escaped to ASCII, NUL characters and lone surrogates are text that PostgreSQL can store.
        self.refused.append(
            {
                "position": index,
                "body": json.dumps(kept),
                "reason": why.reason,
                "detail": why.detail,
                "proof": self.sender,
            }
            | self._name_old(item, why)
        )


def event_row(valid: ValidItem, *, position: int, history: bool = False) -> dict[str, Any]:
    """Return the row of cdp.events for a valid event."""
    event, item = valid.event, valid.item
    return {
        "position": position,
        "event_id": event.event_id,
        "event": event.event,
        "ts": event.ts.isoformat(),
        "anonymous_id": event.anonymous_id,
        "user_id": event.user_id,
        "email": event.email,
        "payload": {"properties": item.get("properties", {}), "context": item.get("context", {})},
        "is_history": history,
    }


def _usable_id(item: object) -> str | None:
    event_id = item.get("event_id") if isinstance(item, dict) else None
    if isinstance(event_id, str) and not find_unusable(event_id, max_string_chars=200, max_depth=1):
        return event_id
    return None
