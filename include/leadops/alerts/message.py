"""A Slack message as it is on record: whether it was posted, where it is, what it shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from leadops.alerts.blocks import Rendered
from leadops.clients.chat import Posted
from leadops.db import Connection

COLUMNS = (
    "message_id, purpose, parent_id, attempts, tried_at, telling_since, posted_at, channel, message_ts,"
    " told, told_facts, told_at"
)


@dataclass(frozen=True)
class Message:
    """One row of alerts.messages; times in UTC."""

    message_id: int
    purpose: Literal["incident", "digest", "escalation", "resolution"]
    parent_id: int | None
    attempts: int
    tried_at: datetime | None
    telling_since: datetime | None
    posted_at: datetime | None
    channel: str | None
    message_ts: str | None
    told: str | None
    told_facts: Mapping[str, Any] | None
    told_at: datetime | None

    @property
    def place(self) -> Posted:
        """Where it is in Slack."""
        return Posted(self.channel, self.message_ts)


def list_open_messages(connection: Connection) -> list[int]:
    """Return the ids of messages that are not final: those never tried first, then the longest untried."""
    rows = connection.execute(
        "select message_id from alerts.messages where state = 'open'"
        " order by tried_at nulls first, message_id"
    )
    return [message_id for (message_id,) in rows]


def read_message(connection: Connection, message_id: int, *, lock: bool = False) -> Message | None:
    """Return the message; with `lock`, only an open one that nobody else is telling, for this transaction."""
    locking = " and state = 'open' for update skip locked" if lock else ""
    row = connection.execute(
        f"select {COLUMNS} from alerts.messages where message_id = %s{locking}",  # noqa: S608
        [message_id],
    ).fetchone()
    return Message(*row) if row else None


def note_attempt(connection: Connection, message: Message, now: datetime) -> None:
    """Write down, before posting, that the message may be in Slack from now on; counts the attempt."""
    connection.execute(
        "update alerts.messages set attempts = attempts + 1, tried_at = %s,"
        " telling_since = coalesce(telling_since, %s) where message_id = %s",
        [now, now, message.message_id],
    )


def note_not_posted(connection: Connection, message: Message) -> None:
    """Write down that the message is surely not in Slack."""
    connection.execute(
        "update alerts.messages set telling_since = null where message_id = %s", [message.message_id]
    )


def note_posted(
    connection: Connection, message: Message, place: Posted, now: datetime, facts: Mapping[str, Any] | None
) -> None:
    """Write down where the message is and what it shows (`place.payload`, and `facts` where known)."""
    connection.execute(
        "update alerts.messages set posted_at = %s, channel = %s, message_ts = %s,"
        " told = %s, told_facts = %s, told_at = %s where message_id = %s",
        [
            now,
            place.channel,
            place.ts,
            place.payload.get("shows", ""),
            None if facts is None else Jsonb(dict(facts)),
            now,
            message.message_id,
        ],
    )


def note_shown(
    connection: Connection, message: Message, rendered: Rendered, now: datetime, facts: Mapping[str, Any]
) -> None:
    """Write down what the message shows after an edit."""
    connection.execute(
        "update alerts.messages set told = %s, told_facts = %s, told_at = %s, tried_at = %s"
        " where message_id = %s",
        [rendered.hash, Jsonb(dict(facts)), now, now, message.message_id],
    )


def note_tried(connection: Connection, message: Message, now: datetime) -> None:
    """Write down that an edit was tried in vain, so that others get their turn first."""
    connection.execute(
        "update alerts.messages set tried_at = %s where message_id = %s", [now, message.message_id]
    )


def note_final(connection: Connection, message: Message) -> None:
    """Write down that there is nothing more to tell."""
    connection.execute(
        "update alerts.messages set state = 'final' where message_id = %s", [message.message_id]
    )


def add_resolution(connection: Connection, message: Message, now: datetime) -> int | None:
    """Let the end of the story be a message of its own, where this one cannot be edited; returns its id."""
    row = connection.execute(
        "insert into alerts.messages (purpose, parent_id, created_at) values ('resolution', %s, %s)"
        " on conflict (parent_id, purpose) do nothing returning message_id",
        [message.message_id, now],
    ).fetchone()
    return row[0] if row else None
