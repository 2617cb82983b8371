"""Explains the routing of a lead: each assignment to a salesperson or a queue, who was skipped, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.identity.find_lead import find_lead
from leadops.queries import Queries

queries = Queries(__file__, topic="pending")


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
    notice: str | None  # state of its Slack message: open, sent, erasing or dropped; None: no message
    notified_at: datetime | None  # when that was settled, UTC
    notice_reason: str | None  # why it was dropped
    withdrawn_because: str | None  # internal, split or machine: the MQL was taken back


def explain_routing(connection: Connection, lead: int | str) -> tuple[int, list[AssignmentStep]]:
    """Return the lead's id and its assignments, oldest first; `lead` is a lead_id or an email.

    Raises PermanentError if there is no such lead, or if it was never routed.
    """
    lead_id = find_lead(connection, lead).person_id
    steps = list_assignments(connection, lead_id)
    if not steps:
        raise PermanentError(f"lead {lead_id} has not been routed: {_explain_absence(connection, lead_id)}")
    return lead_id, steps


def list_assignments(connection: Connection, person_id: int) -> list[AssignmentStep]:
    """Return the assignments of the person, by their oldest lead; none if it was never routed."""
    return queries.all(connection, "list_assignments", AssignmentStep, lead_id=person_id)


def _explain_absence(connection: Connection, lead_id: int) -> str:
    if queries.value(connection, "is_imported", lead_id=lead_id):
        return "its MQL was imported, and imported leads keep their owner in the CRM"
    return "it is not an MQL yet, or sales ended it first"
