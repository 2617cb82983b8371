"""A Slack message about incidents, as it is on record: whether it is posted, where, and what it shows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from leadops.clients.chat import Posted
from leadops.db import Connection
from leadops.notifications.blocks import SlackMessage
from leadops.notifications.post_once import PostAttempt, PostState
from leadops.queries import Queries

queries = Queries(__file__)

#: How delivery.make_nonce() writes.
NONCE = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class AlertMessage:
    """One row of alerts.messages; times in UTC."""

    message_id: int
    nonce: str
    purpose: Literal["incident", "digest", "escalation", "resolution"]
    parent_id: int | None
    attempts: int
    tried_at: datetime | None
    unknown_since: datetime | None
    posted_at: datetime | None
    channel: str | None
    message_ts: str | None
    shown_hash: str | None
    shown_facts: Mapping[str, Any] | None
    shown_at: datetime | None

    @property
    def subject_id(self) -> int:
        """The message whose incidents it is about: its own, or those of the one whose thread it is in."""
        return self.parent_id or self.message_id

    @property
    def state(self) -> PostState:
        """Whether it is in Slack."""
        return PostState.of(unknown_since=self.unknown_since, posted_at=self.posted_at)

    @property
    def place(self) -> Posted:
        """Where it is in Slack."""
        return Posted(self.channel, self.message_ts)


def list_open_messages(connection: Connection) -> list[AlertMessage]:
    """Return the messages that are not final: those never tried first, then the longest untried."""
    return _read_messages(connection, queries.values(connection, "list_open_messages"))


def doubt_open_messages(connection: Connection, *, before: datetime) -> int:
    """Let unposted messages made before then be looked up in Slack before they are posted; count them.

    In the caller's transaction: after the database went back, any of them may have been posted.
    """
    return queries.run(connection, "doubt_open", before=before)


def find_unknown_keys(connection: Connection, keys: Sequence[str], *, installation: str) -> list[str]:
    """Return those of `keys`, of messages in Slack, that this installation made and has no record of."""
    by_nonce = {
        nonce: key for key in keys if key.startswith(f"{installation}-") and (nonce := read_nonce(key))
    }
    known = set(queries.values(connection, "list_nonces", nonces=list(by_nonce)))
    return [key for nonce, key in by_nonce.items() if nonce not in known]


def list_alert_nonces(connection: Connection, nonces: Sequence[str]) -> set[str]:
    """Return those of `nonces` that messages about incidents on record have."""
    return set(queries.values(connection, "list_alert_nonces", nonces=list(nonces)))


def read_nonce(key: str) -> str | None:
    """Return the nonce with which a key ends, if it ends with one."""
    nonce = key.rpartition("-")[2]
    return nonce if NONCE.fullmatch(nonce) else None


def read_message(connection: Connection, message_id: int) -> AlertMessage | None:
    """Return the message."""
    return next(iter(_read_messages(connection, [message_id])), None)


def lock_message(connection: Connection, message_id: int) -> AlertMessage | None:
    """Return the message, locked for this transaction; None if it is final or another process has it."""
    locked = queries.values(connection, "lock_message", message_id=message_id)
    return next(iter(_read_messages(connection, locked)), None)


def _read_messages(connection: Connection, message_ids: Sequence[int]) -> list[AlertMessage]:
    if not message_ids:
        return []
    return queries.all(connection, "read_messages", AlertMessage, message_ids=list(message_ids))


def lock_attempt(connection: Connection, message_id: int) -> PostAttempt | None:
    """Return the message's last attempt, locked once no other process has it; None if it is final."""
    return queries.first(connection, "lock_attempt", PostAttempt, message_id=message_id)


def note_attempt(connection: Connection, message_id: int, now: datetime) -> None:
    """Note, before posting, that the message may be in Slack from now on; count the attempt."""
    queries.run(connection, "note_attempt", message_id=message_id, now=now)


def note_refused(connection: Connection, message_id: int) -> None:
    """Note that the message is not in Slack."""
    queries.run(connection, "note_refused", message_id=message_id)


def note_posted(
    connection: Connection, message_id: int, place: Posted, now: datetime, facts: Mapping[str, Any] | None
) -> None:
    """Note where the message is and what it shows (`place.payload`, and `facts` where known).

    It is known by the key that it carries in Slack, also where another database posted it.
    """
    queries.run(
        connection,
        "note_posted",
        message_id=message_id,
        now=now,
        channel=place.channel,
        message_ts=place.ts,
        nonce=read_nonce(place.payload.get("key", "")),
        shown_hash=place.payload.get("shows", ""),
        shown_facts=None if facts is None else Jsonb(dict(facts)),
    )


def note_edited(
    connection: Connection,
    message: AlertMessage,
    rendered: SlackMessage,
    now: datetime,
    facts: Mapping[str, Any],
) -> None:
    """Note what the message shows after an edit."""
    queries.run(
        connection,
        "note_edited",
        message_id=message.message_id,
        shown_hash=rendered.hash,
        shown_facts=Jsonb(dict(facts)),
        now=now,
    )


def note_tried(connection: Connection, message: AlertMessage, now: datetime) -> None:
    """Note that an edit failed, so that other messages get their turn first."""
    queries.run(connection, "note_tried", message_id=message.message_id, now=now)


def note_final(connection: Connection, message_id: int) -> None:
    """Note that the message will not change any more."""
    queries.run(connection, "note_final", message_id=message_id)


def add_resolution(connection: Connection, message: AlertMessage, now: datetime) -> int | None:
    """Add a message for the resolution where this one cannot be edited; return its id, None if it exists."""
    message_id: int | None = queries.value(
        connection, "insert_resolution", parent_id=message.message_id, now=now
    )
    return message_id
