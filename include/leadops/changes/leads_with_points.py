"""Whether there is anybody whom a change could move."""

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="weigh_change")


def has_points(connection: Connection) -> bool:
    """Return whether any lead has points."""
    return bool(queries.value(connection, "has_points"))
