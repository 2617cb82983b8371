"""The changes on record: asked, weighed, decided by whom and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from psycopg.types.json import Jsonb

from leadops.changes.weigh_change import ChangeEffect, read_effect
from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

ChangeStatus = Literal["asked", "waits", "passed", "approved", "rejected", "withdrawn"]
#: Characters of a hash that people see and type.
SHORT_HASH = 12


@dataclass(frozen=True)
class ChangeRecord:
    """A row of changes.changes; times in UTC."""

    change_id: int
    kind: str
    hash: str
    subject: str
    content: dict[str, Any]
    base: dict[str, Any]
    status: ChangeStatus
    effect: dict[str, Any] | None
    reason: str
    problem: str | None
    asked_at: datetime
    weighed_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    ended_at: datetime | None
    run_id: str | None

    @property
    def short_hash(self) -> str:
        """The beginning of the hash, by which people name the change."""
        return self.hash[:SHORT_HASH]

    def read_effect(self) -> ChangeEffect | None:
        """Return what it would have done when it was asked."""
        return read_effect(self.effect) if self.effect else None


class PassedChanges(NamedTuple):
    """What the changes did that took effect by themselves since a time (UTC)."""

    since: datetime
    moved: int  # leads, once for each change that moved them
    new_mqls: int


def list_changes(connection: Connection, *, limit: int = 50) -> list[ChangeRecord]:
    """Return the changes, the newest first."""
    return _list_changes(connection, max_rows=limit)


def list_open(connection: Connection) -> list[ChangeRecord]:
    """Return all changes that have not ended, the newest first."""
    return _list_changes(connection, is_open=True)


def find_changes(connection: Connection, prefix: str) -> list[ChangeRecord]:
    """Return the changes whose hash begins with `prefix`, the newest first."""
    return _list_changes(connection, prefix=prefix)


def ask_change(
    connection: Connection,
    *,
    kind: str,
    hash: str,
    subject: str,
    content: Mapping[str, Any],
    base: Mapping[str, Any],
    now: datetime,
) -> ChangeRecord:
    """Put a change on record that is to be weighed, unless it is open already; return it."""
    queries.run(
        connection,
        "ask_change",
        kind=kind,
        hash=hash,
        subject=subject,
        content=Jsonb(content),
        base=Jsonb(base),
        now=now,
    )
    return next(record for record in list_open(connection) if (record.kind, record.hash) == (kind, hash))


def note_problem(connection: Connection, change_id: int, *, problem: str) -> None:
    """Record why a change could not be weighed."""
    queries.run(connection, "note_problem", change_id=change_id, problem=problem)


def let_wait(
    connection: Connection, change_id: int, *, effect: ChangeEffect, reason: str, now: datetime
) -> None:
    """Record that the change waits for a human, because of what it would do."""
    queries.run(
        connection,
        "let_wait",
        change_id=change_id,
        effect=Jsonb(effect.as_facts()),
        reason=reason,
        now=now,
    )


def end_change(
    connection: Connection,
    change_id: int,
    *,
    status: ChangeStatus,
    reason: str = "",
    effect: ChangeEffect | None = None,
    now: datetime,
) -> None:
    """Record that the change took effect, or that nobody wants it any more."""
    queries.run(
        connection,
        "end_change",
        change_id=change_id,
        status=status,
        reason=reason,
        effect=Jsonb(effect.as_facts()) if effect else None,
        now=now,
    )


def sum_passed(connection: Connection, *, kind: str, earliest: datetime) -> PassedChanges:
    """Return the changes of this kind that took effect by themselves since a human approved one.

    Those from before `earliest` (UTC) do not count, nor those from before one that took effect while nobody
    had points.
    """
    return queries.one(connection, "sum_passed", PassedChanges, kind=kind, earliest=earliest)


def decide_change(
    connection: Connection, change_id: int, *, status: ChangeStatus, by: str, now: datetime
) -> None:
    """Record a human's answer; an approved change has ended, a rejected one stays open."""
    queries.run(connection, "decide_change", change_id=change_id, status=status, decided_by=by, now=now)


def claim_question(connection: Connection, *, run_id: str) -> ChangeRecord | None:
    """Return the oldest change that waits and that no other run asks about; it is the run's from now on."""
    change_id: int | None = queries.value(connection, "claim_question", run_id=run_id)
    return None if change_id is None else _list_changes(connection, change_id=change_id)[0]


def announce_questions(connection: Connection, *, now: datetime) -> int:
    """Mark the changes that wait as announced to Airflow at `now` (UTC); return how many that are.

    One that no run asks about is announced again after ten minutes: the first time may have been lost.
    """
    return queries.run(connection, "announce_questions", now=now)


def find_question(connection: Connection, *, run_id: str) -> ChangeRecord | None:
    """Return the change that the run asks about, whatever became of it."""
    return next(iter(_list_changes(connection, run_id=run_id)), None)


def delete_ended(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete up to `max_rows` changes that ended before `before` (UTC)."""
    return queries.run(connection, "delete_ended", before=before, max_rows=max_rows)


def _list_changes(
    connection: Connection,
    *,
    is_open: bool | None = None,
    prefix: str | None = None,
    run_id: str | None = None,
    change_id: int | None = None,
    max_rows: int | None = None,
) -> list[ChangeRecord]:
    return queries.all(
        connection,
        "list_changes",
        ChangeRecord,
        is_open=is_open,
        prefix=prefix,
        run_id=run_id,
        change_id=change_id,
        max_rows=max_rows,
    )
