"""Incidents that are opened the moment something happens, not by a check."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.incidents.finding import CheckFinding
from leadops.incidents.kinds import KINDS
from leadops.queries import Queries

queries = Queries(__file__)


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
