"""The story of a lead: each time it went to somebody or to a queue, who was passed over, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection, load_sql
from leadops.errors import PermanentError


@dataclass(frozen=True)
class Step:
    """One assignment; `passed_over` is [{"rule", "why", "reps"}] in the order of looking."""

    cycle: int
    number: int
    assigned_at: datetime
    rep_id: str | None
    queue: str | None
    why: str
    cause: str
    rule: str | None
    is_quiet: bool
    waited_minutes: float
    facts: dict[str, str]
    passed_over: list[dict[str, Any]]
    rules: str


def explain_routing(connection: Connection, lead: int | str) -> tuple[int, list[Step]]:
    """Return the lead's id and its assignments, the oldest first; `lead` is a lead_id or an email.

    Raises PermanentError when there is no such lead, or when it was never routed.
    """
    values = {
        "lead_id": lead if isinstance(lead, int) else None,
        "email": lead.strip().lower() if isinstance(lead, str) else None,
    }
    found = connection.execute(load_sql("leadops.routing", "find_lead"), values).fetchone()
    if found is None:
        raise PermanentError("no such lead" if isinstance(lead, int) else "nobody has this email")
    rows = connection.execute(load_sql("leadops.routing", "explain_lead"), {"lead_id": found[0]})
    steps = [Step(*row) for row in rows]
    if not steps:
        raise PermanentError(f"lead {found[0]} has not been routed: {_say_why_not(connection, found[0])}")
    return int(found[0]), steps


def _say_why_not(connection: Connection, lead_id: int) -> str:
    row = connection.execute(load_sql("leadops.routing", "is_imported"), {"lead_id": lead_id}).fetchone()
    if row and row[0]:
        return "it is an MQL by import, and what is imported stays with whoever has it in the CRM"
    return "it was no MQL yet, or sales ended it before"
