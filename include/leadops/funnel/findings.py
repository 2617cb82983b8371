"""What the gates have found, and that somebody has looked at it."""

from datetime import date, datetime
from typing import Any, NamedTuple

from leadops.db import Connection, load_sql


class Finding(NamedTuple):
    """A row of analytics.gate_findings; `is_open` while it is an incident."""

    dt: date
    gate: str
    subject: str
    lead_id: int | None
    facts: dict[str, Any]
    found_at: datetime
    is_open: bool


def list_findings(connection: Connection, *, first: date, last: date, now: datetime) -> list[Finding]:
    """Return the findings of the days from `first` to `last`."""
    rows = connection.execute(
        load_sql("leadops.funnel", "list_findings"), {"first": first, "last": last, "now": now}
    ).fetchall()
    return [Finding(*row) for row in rows]


def settle_findings(connection: Connection, *, day: date | None, now: datetime) -> int:
    """Note that the findings of `day` (None: of all days) were looked at; return how many; commits."""
    with connection.transaction():
        values = {"dt": day, "now": now}
        return connection.execute(load_sql("leadops.funnel", "settle_findings"), values).rowcount
