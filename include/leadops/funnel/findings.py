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
    """Return the findings of the days from `first` to `last`, the newest day first."""
    return _read(connection, {"first": first, "last": last, "now": now, "only_open": False})


def list_open_findings(connection: Connection, *, now: datetime) -> list[Finding]:
    """Return the findings of any day that are an incident at `now`, the newest day first."""
    return _read(connection, {"first": None, "last": None, "now": now, "only_open": True})


def settle_findings(connection: Connection, *, day: date | None, now: datetime) -> int:
    """Note that the findings of `day` (None: of all days) were looked at; return how many; commits."""
    with connection.transaction():
        values = {"dt": day, "now": now}
        return connection.execute(load_sql("leadops.funnel", "settle_findings"), values).rowcount


def _read(connection: Connection, values: dict[str, Any]) -> list[Finding]:
    rows = connection.execute(load_sql("leadops.funnel", "list_findings"), values).fetchall()
    return [Finding(*row) for row in rows]
