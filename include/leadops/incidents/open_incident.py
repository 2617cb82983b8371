"""Incidents that are opened the moment something happens, not by a check."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
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
