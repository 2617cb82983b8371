"""Posts a message once, wherever the process that posts it is killed and whatever Slack answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from leadops.clients.chat import Posted
from leadops.clients.slack_errors import ChatRefusedError
from leadops.db import Connection
from leadops.errors import LeadopsError, OutcomeUnknownError


class PostState(Enum):
    """Whether a message is in Slack, as far as its record says.

              begin_post                 accepted, or found by a look-up
    PENDING ─────────────▶ UNKNOWN ───────────────────────────────────▶ POSTED
       ▲                    │   │ ▲
       └──── refused ───────┘   └─┘ no answer, or killed: looked up before the next post

    UNKNOWN is on record before the call begins, so a process that dies at any point leaves at worst a look-up
    to the next one. A webhook cannot look up; then a message is rather posted twice than not at all.
    """

    PENDING = "pending"
    UNKNOWN = "unknown"
    POSTED = "posted"

    @classmethod
    def of(cls, *, unknown_since: datetime | None, posted_at: datetime | None) -> "PostState":
        """Return the state of a record with these two columns."""
        if posted_at is not None:
            return cls.POSTED
        return cls.PENDING if unknown_since is None else cls.UNKNOWN


class PostOutcome(Enum):
    """How `finish_post` ended."""

    POSTED = "posted"
    FOUND = "an earlier attempt had posted it"
    SUPERSEDED = "another process has taken over"


@dataclass(frozen=True)
class PostAttempt:
    """An attempt, and since when the outcome of an earlier one is unknown; None: it is not in Slack."""

    number: int
    unknown_since: datetime | None


class PostRecord(Protocol):
    """The row that keeps the state of one message; every method runs in the caller's transaction."""

    def lock(self) -> PostAttempt | None:
        """Lock the row, return its last attempt; None if another process has it or nothing is due now."""

    def relock(self) -> PostAttempt | None:
        """Lock the row of a begun attempt, and wait for it: a process that only looks is soon done with it.

        Returns the row's last attempt; None if nothing is left.
        """

    def note_attempt(self, now: datetime) -> None:
        """PENDING or UNKNOWN → UNKNOWN: count the attempt; an earlier `unknown_since` stays."""

    def note_refused(self, error: LeadopsError) -> None:
        """UNKNOWN → PENDING: the message is not in Slack."""

    def note_posted(self, place: Posted, outcome: PostOutcome) -> None:
        """UNKNOWN → POSTED: the message is at `place`."""


def begin_post(record: PostRecord, now: datetime) -> PostAttempt | None:
    """Put on record, in the caller's transaction, that the message may be in Slack from now on.

    Returns the attempt to finish, or None if another process has the message.
    """
    last = record.lock()
    if last is None:
        return None
    record.note_attempt(now)
    return PostAttempt(last.number + 1, last.unknown_since)


def finish_post(
    connection: Connection,
    record: PostRecord,
    attempt: PostAttempt,
    *,
    look_up: Callable[[datetime], Posted | None] | None,
    send: Callable[[], Posted],
) -> PostOutcome:
    """Post the message of a begun attempt, unless a look-up finds it or another process has taken over.

    `look_up` gets the time since when the outcome is unknown; None: this chat cannot look up. Commits what is
    known of the outcome, then raises the error of chat or pager if there was one.
    """
    error: LeadopsError | None = None
    outcome = PostOutcome.SUPERSEDED
    with connection.transaction():
        current = record.relock()
        if current is None or current.number != attempt.number:
            return outcome
        place, looked_up = None, False
        try:
            if attempt.unknown_since is not None and look_up is not None:
                place, looked_up = look_up(attempt.unknown_since), True
        except LeadopsError as failed:
            error = failed
        else:
            outcome = PostOutcome.FOUND if place else PostOutcome.POSTED
            try:
                record.note_posted(place or send(), outcome)
            except OutcomeUnknownError as unknown:
                error = unknown
            except LeadopsError as refused:
                error = refused
                if attempt.unknown_since is None or looked_up:
                    record.note_refused(refused)
    if error:
        raise error
    return outcome


def look_up_if_allowed(look_up: Callable[[], Posted | None], problems: list[str]) -> Posted | None:
    """Return what `look_up` finds; without the right to read the channel None, so that the message is posted.

    Rather post twice than not at all; the missing right is added to `problems`.
    """
    try:
        return look_up()
    except ChatRefusedError as refused:
        if refused.code != "missing_scope":
            raise
        problems.append(str(refused))
        return None
