"""Explains the routing of a lead: each assignment to a salesperson or a queue, who was skipped, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class AssignmentStep:
    """One assignment; `passed_over` is [{"rule", "why", "reps"}], in the order of evaluation."""

    cycle: int
    number: int
    assigned_at: datetime
    rep_id: str | None
    queue: str | None
    why: str
    cause: str
    rule: str | None
    is_backfill: bool
    waited_minutes: float
    facts: dict[str, str]
    passed_over: list[dict[str, Any]]
    rules: str


def explain_routing(connection: Connection, lead: int | str) -> tuple[int, list[AssignmentStep]]:
    """Return the lead's id and its assignments, oldest first; `lead` is a lead_id or an email.

    Raises PermanentError if there is no such lead, or if it was never routed.
    """
    values = {
        "lead_id": lead if isinstance(lead, int) else None,
        "email": lead.strip().lower() if isinstance(lead, str) else None,
    }
    lead_id: int | None = queries.value(connection, "find_lead", **values)
    if lead_id is None:
        raise PermanentError("no such lead" if isinstance(lead, int) else "nobody has this email")
    steps = queries.all(connection, "list_assignments", AssignmentStep, lead_id=lead_id)
    if not steps:
        raise PermanentError(f"lead {lead_id} has not been routed: {_explain_absence(connection, lead_id)}")
    return lead_id, steps


def _explain_absence(connection: Connection, lead_id: int) -> str:
    if queries.value(connection, "is_imported", lead_id=lead_id):
        return "it is an MQL by import, and what is imported stays with whoever has it in the CRM"
    return "it was no MQL yet, or sales ended it before"
