"""A human's answer: what was asked about takes effect as it was, or what is in force stays."""

from datetime import datetime
from typing import Literal

from leadops.changes.change_record import (
    ChangeRecord,
    decide_change,
    end_change,
    find_changes,
)
from leadops.changes.follow_files import put_content_in_force
from leadops.changes.take_back import ROLLBACK, apply_rollback
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.locks import Lock, hold_lock

ChangeAnswer = Literal["approved", "rejected"]


def answer_change(
    connection: Connection, prefix: str, *, answer: ChangeAnswer, by: str, now: datetime
) -> ChangeRecord:
    """Approve or reject the change whose hash begins with `prefix`; return it as it was before.

    An approval puts the content that was asked about in force, or takes back the points that were asked
    about, in the same transaction. What was rejected can be approved as long as somebody's file still says
    it; a rollback has ended then. `by` is who decided, `now` is UTC. Raises PermanentError where no such
    change waits, or nothing of the points is in force any more.
    """
    with connection.transaction():
        hold_lock(connection, Lock.CHANGES)
        record = find_open_change(connection, prefix)
        if record.status == answer:
            raise PermanentError(f"change {record.short_hash} was {answer} already, by {record.decided_by}")
        decide_change(connection, record.change_id, status=answer, by=by, now=now)
        if record.kind == ROLLBACK:
            if answer == "approved":
                apply_rollback(connection, record.content[ROLLBACK], now=now)
            else:
                end_change(connection, record.change_id, status="rejected", now=now)
        elif answer == "approved":
            put_content_in_force(
                connection,
                record.content,
                reason=f"change {record.short_hash}, approved by {by}",
                now=now,
            )
    return record


def find_open_change(connection: Connection, prefix: str) -> ChangeRecord:
    """Return the one change that begins with `prefix` and can be decided.

    Raises PermanentError where there is none or are several, and says what became of one that has ended.
    """
    if len(prefix) < 4:
        raise PermanentError("give at least four characters of the hash; see leadops changes show")
    found = find_changes(connection, prefix.lower())
    waiting = [change for change in found if change.ended_at is None and change.status != "asked"]
    if len(waiting) == 1:
        return waiting[0]
    if len(waiting) > 1:
        raise PermanentError(f"several changes begin with {prefix}; give more of the hash")
    if not found:
        raise PermanentError(f"there is no change {prefix}; see leadops changes show")
    last = found[0]
    if last.ended_at is None:
        raise PermanentError(f"change {last.short_hash} is not weighed yet; try again in a minute")
    raise PermanentError(
        f"change {last.short_hash} does not wait any more: {last.status} {last.ended_at:%Y-%m-%d %H:%M} UTC"
    )
