"""Incidents on record, and those that are opened the moment something happens, not by a check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.incidents.finding import CheckFinding
from leadops.incidents.kinds import KINDS
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class Incident:
    """One problem, from open to resolved; times in UTC. An `incident_id` of 0 is not on record yet."""

    incident_id: int
    kind: str
    subject: str
    opened_at: datetime
    resolved_at: datetime | None
    escalated_at: datetime | None
    facts: Mapping[str, Any]
    acknowledged_at: datetime | None = field(default=None, kw_only=True)
    #: The Slack message that is about it, and PagerDuty's page.
    message_id: int | None = field(default=None, kw_only=True)
    page_id: int | None = field(default=None, kw_only=True)

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved."""
        return self.resolved_at is None

    @property
    def is_critical(self) -> bool:
        """Whether somebody has to act at once."""
        return KINDS[self.kind].severity == "critical"

    @property
    def duration(self) -> timedelta:
        """The time from opening to resolution; zero while it is open."""
        return (self.resolved_at or self.opened_at) - self.opened_at


def list_announced(connection: Connection, message_ids: Sequence[int]) -> list[Incident]:
    """Return the incidents that these messages are about, by message, the oldest first."""
    chosen = queries.values(connection, "list_announced", message_ids=list(message_ids))
    return _read_incidents(connection, chosen)


def list_unannounced(connection: Connection) -> list[Incident]:
    """Return the incidents that have no message yet and are not suppressed, the oldest first."""
    return _read_incidents(connection, queries.values(connection, "list_unannounced"))


def count_open(connection: Connection, kinds: Sequence[str]) -> int:
    """Return how many incidents of these kinds are open."""
    count: int = queries.value(connection, "count_open_of_kinds", kinds=list(kinds))
    return count


def suppress(connection: Connection, incidents: Sequence[Incident]) -> None:
    """Keep these incidents on record without a message."""
    queries.run(connection, "suppress", incidents=[incident.incident_id for incident in incidents])


def assign_message(connection: Connection, message_id: int, incident_ids: Sequence[int]) -> None:
    """Note that the message `message_id` is about these incidents."""
    queries.run(connection, "assign_message", message_id=message_id, incidents=list(incident_ids))


def list_paged(connection: Connection, page_ids: Sequence[int]) -> list[Incident]:
    """Return the incidents that these pages are about, by page, the oldest first."""
    return _read_incidents(connection, queries.values(connection, "list_paged", page_ids=list(page_ids)))


def list_unpaged(connection: Connection, kinds: Sequence[str]) -> list[Incident]:
    """Return the open incidents of these kinds that have no page yet, the oldest first."""
    return _read_incidents(connection, queries.values(connection, "list_unpaged", kinds=list(kinds)))


def _read_incidents(connection: Connection, incident_ids: Sequence[int]) -> list[Incident]:
    if not incident_ids:
        return []
    return queries.all(connection, "read_incidents", Incident, incident_ids=list(incident_ids))


def assign_page(
    connection: Connection, page_id: int, incident_ids: Sequence[int], *, only_paged: Sequence[str] = ()
) -> None:
    """Note that the page is about these incidents; those of the kinds `only_paged` stay out of Slack."""
    queries.run(
        connection,
        "assign_page",
        page_id=page_id,
        incidents=list(incident_ids),
        only_paged=list(only_paged),
    )


def acknowledge(connection: Connection, incident_id: int, *, now: datetime) -> bool:
    """Note that somebody has taken the open incident; return False where it is over or taken already."""
    return queries.run(connection, "acknowledge", incident_id=incident_id, now=now) > 0


def erase_facts(connection: Connection, *, pattern: str) -> list[int]:
    """Clear the facts that match `pattern`, of somebody erased; return the messages that show them."""
    return queries.values(connection, "clear_facts", pattern=pattern)


def open_incident(
    connection: Connection, *, kind: str, subject: str, facts: Mapping[str, Any], now: datetime
) -> int | None:
    """Open an incident, or count it up if it is open already; in the caller's transaction.

    `facts` are JSON scalars without personal data; form_dag_facts makes those of a DAG, whose subject is its
    dag_id. Returns the incident's id, or None if a failure of the same DAG already reports it. Raises
    KeyError for an undeclared kind.
    """
    incident_id: int | None = queries.value(
        connection,
        "open_incident",
        kind=KINDS[kind].name,
        subject=subject,
        facts=Jsonb(dict(facts)),
        now=now,
    )
    return incident_id


def report_incident(connection: Connection, finding: CheckFinding, *, now: datetime) -> None:
    """Open the incident of a firing `finding`, or add its facts, with their `worst`, to the open one.

    In the caller's transaction. Several processes may watch the same thing: they make one incident, and none
    removes what another knows.
    """
    queries.run(
        connection,
        "report_incident",
        kind=finding.kind,
        subject=finding.subject,
        since=finding.since,
        now=now,
        facts=Jsonb(dict(finding.facts)),
    )


def record_past_incident(
    connection: Connection, finding: CheckFinding, *, resolved_at: datetime
) -> int | None:
    """Record a problem that began at `finding.since` and is over; in the caller's transaction.

    Returns its id, or None if the same kind and subject is on record for a part of that time. Hold
    Lock.INCIDENTS, so that two processes do not record it at once.
    """
    incident_id: int | None = queries.value(
        connection,
        "record_past_incident",
        kind=finding.kind,
        subject=finding.subject,
        opened_at=finding.since,
        resolved_at=resolved_at,
        facts=Jsonb(dict(finding.facts)),
    )
    return incident_id
