"""Imports activities of an export beside those of the CRM's feed; a known one stays as it is."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.crm.activity import Activity
from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def import_activities(connection: Connection, activities: Sequence[Activity], *, now: datetime) -> set[str]:
    """Add `activities` in the caller's transaction, for lifecycle to read; return the ids of the new ones.

    `now` (UTC) is when leadops learned of them.
    """
    rows = [
        activity._asdict()
        | {
            "occurred_at": activity.occurred_at.isoformat(),
            "kind_key": activity.kind_key,
            "status_key": activity.status_key,
        }
        for activity in activities
    ]
    return set(queries.values(connection, "insert_activities", rows=Jsonb(rows), now=now))
