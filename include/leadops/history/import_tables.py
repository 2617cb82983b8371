"""What an import asks of the tables, and the one table of its own: history.attributes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


class AttributeValue(NamedTuple):
    """An attribute of a lead, and when it became known (None: at an unknown time)."""

    lead_id: int
    attribute: str
    value: Any
    known_at: datetime | None


def find_known_origins(connection: Connection, origins: list[str]) -> set[str]:
    """Return those of `origins` that a cost on record has."""
    return set(queries.values(connection, "find_known_origins", origins=origins))


def upsert_attributes(connection: Connection, values: list[AttributeValue]) -> set[int]:
    """Write the attributes, the earliest known of each; return the leads of which one changed."""
    if not values:
        return set()
    rows = [
        value._asdict() | {"known_at": value.known_at.isoformat() if value.known_at else None}
        for value in values
    ]
    return set(queries.values(connection, "upsert_attributes", rows=Jsonb(rows)))


def count_impossible_orders(
    connection: Connection, *, leads: Collection[int], lines: list[int], file: str
) -> int:
    """Return how many stages of these lines of `file` lie before the first contact or their cycle's MQL."""
    count: int = queries.value(
        connection, "count_impossible_orders", leads=sorted(leads), lines=lines, file=file
    )
    return count


def has_unread_activities(connection: Connection) -> bool:
    """Return whether lifecycle has activities to read."""
    return bool(queries.value(connection, "has_unread_activities"))
