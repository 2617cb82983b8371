"""What waits in the quarantine, and how much of it."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from leadops.db import Connection, load_sql


@dataclass(frozen=True)
class Waiting:
    """A refused item; `body` is JSON text as it came."""

    quarantine_id: int
    received_at: datetime
    reason: str
    detail: str
    times: int
    state: str
    body: str


@dataclass(frozen=True)
class Count:
    """How many items there are of a reason and state, and how often they came in all."""

    reason: str
    state: str
    items: int
    times: int
    first_at: datetime
    last_at: datetime


def list_quarantine(
    connection: Connection,
    *,
    reason: str | None = None,
    state: str = "waiting",
    since: datetime | None = None,
    limit: int = 50,
) -> list[Waiting]:
    """Return at most `limit` items of `state` (waiting, admitted), newest first."""
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(
            load_sql("leadops.events", "list_quarantine"),
            {"state": state, "reason": reason, "since": since, "most": limit},
        ).fetchall()


def count_quarantine(connection: Connection) -> list[Count]:
    """Return the counts by reason and state, the waiting first."""
    with connection.cursor(row_factory=class_row(Count)) as cursor:
        return cursor.execute(load_sql("leadops.events", "count_quarantine")).fetchall()
