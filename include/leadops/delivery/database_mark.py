"""Notices that the database went back in time: a file outside of it remembers a higher number than it has.

::

    rows become durable ──▶ mark + 1, committed ──▶ the file remembers it ──▶ the calls go out

So whatever another system may know has a mark that the file knows too. A database without that mark is from
before the call: an old dump, a dump or copy taken in mid-flight, a replica that lost the last second. A
database that only moved has it. Another installation has a file of its own.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.mark_file import MarkFile, RememberedMark
from leadops.queries import Queries

queries = Queries(__file__, topic="restored")

#: What a push reports while nothing may go out.
ON_HOLD = "the database went back: nothing is sent until `leadops restored`"


@dataclass(frozen=True)
class StoredMark:
    """The database's side: its epoch, whether it knows the file's, and its number for the file."""

    epoch: str
    is_epoch_known: bool
    mark: int | None


@dataclass(frozen=True)
class Hold:
    """Why and since when (UTC) nothing is sent; what other systems got after `lost_since` may be unknown."""

    hold_id: int
    reason: str
    held_at: datetime
    facts: dict[str, object]
    lost_since: datetime | None


class MarkVerdict(Enum):
    """What the two numbers say about the database."""

    NEW = "the file remembers nothing of this epoch"
    CURRENT = "the database has what the file remembers"
    BEHIND = "the database is from before what the file remembers"


def judge_mark(remembered: RememberedMark | None, stored: StoredMark) -> MarkVerdict:
    """Compare what the file remembers with what the database has."""
    if remembered is None:
        return MarkVerdict.NEW
    if remembered.epoch != stored.epoch:
        # The number of an earlier epoch was accepted by `leadops restored`; an unknown epoch came later.
        return MarkVerdict.NEW if stored.is_epoch_known else MarkVerdict.BEHIND
    if stored.mark is None or stored.mark < remembered.mark:
        return MarkVerdict.BEHIND
    return MarkVerdict.CURRENT


@dataclass(frozen=True)
class DatabaseMark:
    """The mark of the database and the file that remembers it; threads may share one."""

    file: MarkFile

    def check(self, connection: Connection, *, now: datetime) -> Hold | None:
        """Return the open hold; open one if the database is behind the file; commits.

        Call it once a connection is open: a database cannot go back under an open connection.
        """
        with connection.transaction():
            installation = find_installation_id(connection)
            remembered = self.file.read(installation)  # before the database, which may only be further
            stored = _read_stored(connection, remembered)
            if judge_mark(remembered, stored) is MarkVerdict.BEHIND and remembered is not None:
                _open_hold(connection, remembered, stored, now=now)
            return find_hold(connection)

    def advance(self, connection: Connection, *, now: datetime) -> bool:
        """Raise the mark, and let the file remember it, before calls that nobody has made so far; commits.

        The rows that the calls are about must be committed. Returns False where nothing may be sent.
        """
        with connection.transaction():
            installation = find_installation_id(connection)
        while True:
            remembered = self.file.read(installation)
            with connection.transaction():
                stored = _read_stored(connection, remembered)
                verdict = judge_mark(remembered, stored)
                if verdict is MarkVerdict.BEHIND and remembered is not None:
                    _open_hold(connection, remembered, stored, now=now)
                if find_hold(connection):
                    return False
                is_current = verdict is MarkVerdict.CURRENT and remembered is not None
                holder = remembered.holder if is_current and remembered else secrets.token_hex(8)
                mark = int(queries.value(connection, "advance_mark", holder=holder, now=now))
            if self.file.remember(installation, RememberedMark(holder, stored.epoch, mark)).holder == holder:
                return True
            # Another process was the first to make the file: go on under its holder.

    def find_start(self, connection: Connection) -> datetime | None:
        """Return since when (UTC) the file shows that the database has not gone back; None: it does not."""
        with connection.transaction():
            remembered = self.file.read(find_installation_id(connection))
            stored = _read_stored(connection, remembered)
            if judge_mark(remembered, stored) is not MarkVerdict.CURRENT or remembered is None:
                return None
            start: datetime | None = queries.value(connection, "find_start", holder=remembered.holder)
            return start


def open_mark(folder: Path | None) -> DatabaseMark | None:
    """Return the mark that `folder` remembers, or None without a folder."""
    return None if folder is None else DatabaseMark(MarkFile(folder))


def find_hold(connection: Connection) -> Hold | None:
    """Return the open hold, or None: then everything may be sent."""
    return queries.first(connection, "find_hold", Hold)


def find_last_moment(connection: Connection) -> datetime | None:
    """Return when (UTC) a call last went out, as far as the database knows; None for a new one.

    Without a mark: when the newest row was made that causes one.
    """
    moment: datetime | None = queries.value(connection, "find_last_moment")
    return moment


def find_lost_time(connection: Connection, *, ended_after: datetime) -> datetime | None:
    """Return since when (UTC) other systems may have got what the database forgot.

    None where no hold is open, and the last one ended by `ended_after` (UTC).
    """
    lost_since: datetime | None = queries.value(connection, "find_lost_time", ended_after=ended_after)
    return lost_since


def hold_by_hand(connection: Connection, *, now: datetime) -> Hold:
    """Open a hold unless one is open; return it, in the caller's transaction."""
    _insert_hold(connection, reason="by hand", facts={}, now=now)
    return queries.one(connection, "find_hold", Hold)


def end_hold(connection: Connection, hold: Hold, *, now: datetime) -> None:
    """Let everything go out again, in the caller's transaction: what files remember until now is accepted."""
    queries.run(connection, "end_hold", hold_id=hold.hold_id, now=now)


def _read_stored(connection: Connection, remembered: RememberedMark | None) -> StoredMark:
    return queries.one(
        connection,
        "read_mark",
        StoredMark,
        holder=remembered.holder if remembered else None,
        epoch=remembered.epoch if remembered else None,
    )


def _open_hold(
    connection: Connection, remembered: RememberedMark, stored: StoredMark, *, now: datetime
) -> None:
    facts = {"remembered": remembered.mark, "found": stored.mark or 0}
    _insert_hold(connection, reason="mark", facts=facts, now=now)


def _insert_hold(connection: Connection, *, reason: str, facts: dict[str, int], now: datetime) -> None:
    queries.run(
        connection,
        "open_hold",
        reason=reason,
        now=now,
        facts=Jsonb(facts),
        lost_since=find_last_moment(connection),
    )


def find_installation_id(connection: Connection) -> str:
    """Return the installation's id; empty where none is on record.

    It makes its keys unique in systems that several installations share.
    """
    return str(queries.value(connection, "find_installation_id") or "")
