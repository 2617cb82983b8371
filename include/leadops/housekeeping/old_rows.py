"""Deletes old rows of a table in small transactions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from leadops.db import Connection

#: Rows deleted in one transaction, so that nothing else waits for long.
MAX_ROWS = 10_000


class DeleteOld(Protocol):
    """Deletes up to `max_rows` rows that ended before `before` (UTC); returns how many."""

    def __call__(self, connection: Connection, *, before: datetime, max_rows: int) -> int:
        """Delete within the caller's transaction."""


@dataclass(frozen=True)
class OldRows:
    """Rows that nobody needs after the days that `setting` of retention.yaml says."""

    setting: str
    delete: DeleteOld


def purge(
    connection: Connection,
    old_rows: Iterable[OldRows],
    days: Mapping[str, int | None],
    *,
    now: datetime,
    is_over: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Delete what is older than its days (None: kept for good); return the rows by setting; commits.

    Ends early when `is_over` says so; the next call goes on.
    """
    counts = dict[str, int]()
    for rows in old_rows:
        keep = days[rows.setting]
        counts.setdefault(rows.setting, 0)
        while keep is not None and not is_over():
            with connection.transaction():
                deleted = rows.delete(connection, before=now - timedelta(days=keep), max_rows=MAX_ROWS)
            counts[rows.setting] += deleted
            if deleted < MAX_ROWS:
                break
    return counts
