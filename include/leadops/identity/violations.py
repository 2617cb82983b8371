"""What the guards have stopped and nobody has looked at yet."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection, load_sql


@dataclass(frozen=True)
class Violation:
    """An identifier seen with too many emails, or a lead (kind `lead`, its id) with too many identifiers."""

    guard: str  # emails or identifiers
    kind: str
    value: str
    event_seq: int  # the first event that the guard stopped
    times: int
    seen_at: datetime  # the last time, UTC


def list_violations(connection: Connection) -> list[Violation]:
    """Return what is open, newest first."""
    rows = connection.execute(load_sql("leadops.identity", "list_violations"))
    return [Violation(*row) for row in rows]


def settle_violations(connection: Connection, *, now: datetime) -> int:
    """Note that a person has looked at all that is open at `now` (UTC); return how many that were."""
    return connection.execute(
        "update identity.violations set settled_at = %(now)s"
        " where seen_at <= %(now)s and (settled_at is null or settled_at < seen_at)",
        {"now": now},
    ).rowcount
