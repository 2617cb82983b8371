"""Duplicates that nothing explains: the target had a change before, and nobody is known to have sent it."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="targets")


def is_unexplained(
    claimed_at: datetime, *, attempts: int, began_at: datetime, remembered_since: datetime | None
) -> bool:
    """Whether nothing explains that a target had a call before: this database cannot have sent it.

    `attempts` counts the tries on record. A call that was claimed since this process began to send, at
    `began_at`, was never sent, whichever of its workers built or claimed it. One that was claimed earlier may
    have been sent by a process that was killed before it could say so, if the database has not gone back
    since `remembered_since` (None: nobody knows).
    """
    if attempts:
        return False
    if claimed_at >= began_at:
        return True
    return remembered_since is None or claimed_at < remembered_since


def record_duplicates(connection: Connection, seqs: Sequence[int], *, target: str, now: datetime) -> None:
    """Record that `target` says it had these ledger rows, in the caller's transaction; a check reports it."""
    queries.run(connection, "record_duplicates", target=target, seqs=list(seqs), now=now)


def record_duplicate_lead(connection: Connection, lead_id: int, *, target: str, now: datetime) -> None:
    """Record that `target` says it had a correction of this lead, in the caller's transaction."""
    queries.run(connection, "record_duplicate_lead", target=target, lead_id=lead_id, now=now)


def forget_duplicates(connection: Connection) -> None:
    """Forget them: every total has been compared; in the caller's transaction."""
    queries.run(connection, "forget_duplicates")
