"""The store: events are taken once for ever, what is refused is kept; all of it or nothing."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from leadops.db import Connection, load_sql
from leadops.events.contract import Event
from leadops.events.event_settings import EventSettings
from leadops.events.judge import LONGEST_AGENT, judge_item
from leadops.events.refusal import Refusal
from leadops.events.usable import find_unusable

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True)
class Quarantined:
    """One refused item: its place in the batch (from 0), its event_id where it has a usable one, and why."""

    index: int
    event_id: str | None
    reason: str
    detail: str


@dataclass(frozen=True)
class Accepted:
    """What became of a batch; accepted + duplicates + len(quarantined) is its size."""

    accepted: int
    duplicates: int
    quarantined: list[Quarantined]


def accept_events(
    connection: Connection,
    items: list[object],
    *,
    now: datetime,
    settings: EventSettings,
    history: bool = False,
    user_agent: str | None = None,
) -> Accepted:
    """Judge and store `items` (parsed JSON, at most 200 levels deep) in one statement.

    New events go to cdp.events and identity.inbox, an event_id that is known is a duplicate whatever else
    the item says, the rest goes to cdp.quarantine. `history` lifts the limit on age; `user_agent` is the
    sending browser's. Commits only where `connection` is in autocommit. Raises psycopg.Error.
    """
    batch = Batch(items, now=now, settings=settings, history=history, user_agent=user_agent)
    row = connection.execute(load_sql("leadops.events", "insert_events"), batch.parameters).fetchone()
    return batch.report(row)


async def accept_events_async(
    connection: AsyncConnection,
    items: list[object],
    *,
    now: datetime,
    settings: EventSettings,
    history: bool = False,
    user_agent: str | None = None,
) -> Accepted:
    """As accept_events, for a connection of an event loop."""
    batch = Batch(items, now=now, settings=settings, history=history, user_agent=user_agent)
    cursor = await connection.execute(load_sql("leadops.events", "insert_events"), batch.parameters)
    return batch.report(await cursor.fetchone())


@dataclass
class Batch:
    """Items judged and made ready for insert_events.sql."""

    items: list[object]
    now: datetime
    settings: EventSettings
    history: bool
    user_agent: str | None = None
    valid: list[dict[str, Any]] = field(default_factory=list, init=False)
    refused: list[dict[str, Any]] = field(default_factory=list, init=False)
    quarantined: list[Quarantined] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for index, item in enumerate(self.items):
            verdict = judge_item(
                item,
                now=self.now,
                arrived_at=self.now,
                settings=self.settings,
                history=self.history,
                user_agent=self.user_agent,
            )
            if isinstance(verdict, Event):
                self.valid.append(row_of(verdict, item, position=index, history=self.history))
            else:
                self._refuse(index, item, verdict)

    @property
    def parameters(self) -> dict[str, Any]:
        """The bound parameters of insert_events.sql."""
        agent = (self.user_agent or "").encode("ascii", "backslashreplace").decode().replace("\0", "")
        return {
            "events": json.dumps(self.valid),
            "refused": json.dumps(self.refused),
            "now": self.now,
            "history": self.history,
            "was_refused": False,
            "user_agent": agent[:LONGEST_AGENT] or None,
        }

    def report(self, row: tuple[Any, ...] | None) -> Accepted:
        """Return what became of the batch, from the statement's only row: the number of new events."""
        accepted = int(row[0]) if row else 0
        return Accepted(accepted, len(self.valid) - accepted, self.quarantined)

    def _refuse(self, index: int, item: object, why: Refusal) -> None:
        self.quarantined.append(Quarantined(index, _readable_id(item), why.reason, why.detail))
        # Escaped to ASCII, NUL characters and half characters are text that PostgreSQL can keep.
        self.refused.append({"body": json.dumps(item), "reason": why.reason, "detail": why.detail})


def row_of(event: Event, item: Any, *, position: int, history: bool = False) -> dict[str, Any]:
    """Return the row of cdp.events for `event`, its payload as sent in `item`; `history`: it is past."""
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


def _readable_id(item: object) -> str | None:
    event_id = item.get("event_id") if isinstance(item, dict) else None
    if isinstance(event_id, str) and not find_unusable(event_id, max_string_chars=200, max_depth=1):
        return event_id
    return None
