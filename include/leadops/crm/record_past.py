"""Puts activities of an export beside those of the CRM's feed; one that is known already stays as it is."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.crm.activity import Activity
from leadops.db import Connection, load_sql


def record_past(connection: Connection, activities: Sequence[Activity], *, now: datetime) -> set[str]:
    """Record `activities` in the caller's transaction, for lifecycle to read; return the ids of the new ones.

    `now` (UTC) is when leadops got to know them.
    """
    rows = [each._asdict() | {"occurred_at": each.occurred_at.isoformat()} for each in activities]
    found = connection.execute(load_sql("leadops.crm", "insert_past"), {"rows": Jsonb(rows), "now": now})
    return {str(activity) for (activity,) in found}
