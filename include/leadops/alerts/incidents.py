"""Incidents opened by the one who sees something happen, and the heartbeats that end them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql


def open_incident(
    connection: Connection, *, kind: str, subject: str, facts: Mapping[str, Any], now: datetime
) -> int | None:
    """Open an incident, or count it up where it is open already; in the caller's transaction.

    `facts` are JSON scalars without personal data (form_dag_facts makes them for DAGs, whose subject is the
    dag_id). Returns the incident's id, or None where a failure of the same DAG already says it. Raises
    KeyError for a kind that is not declared.
    """
    row = connection.execute(
        load_sql("leadops.alerts", "open_incident"),
        {"kind": KINDS[kind].name, "subject": subject, "facts": Jsonb(dict(facts)), "now": now},
    ).fetchone()
    return row[0] if row else None


def beat(connection: Connection, name: str, *, now: datetime) -> None:
    """Note that `name` (a dag_id) came to a good end at `now`; in the caller's transaction."""
    connection.execute(load_sql("leadops.alerts", "record_heartbeat"), {"name": name, "now": now})
