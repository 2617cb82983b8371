"""Sets the mirror of a CRM aside when another account takes its place: the same ids are others' there."""

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def draw_former_prefix(connection: Connection) -> str:
    """Return what the ids of a former account begin with from now on: no CRM gives such ids."""
    return str(queries.value(connection, "draw_prefix"))


def set_aside_mirror(connection: Connection, *, prefix: str) -> int:
    """Put `prefix` before the ids of what was mirrored, and read the feed from its beginning.

    In the caller's transaction, which renames what other rooms know by these ids. Returns how many activities
    it is.
    """
    queries.run(connection, "rename_inbox", prefix=prefix)
    queries.run(connection, "rename_merged", prefix=prefix)
    queries.run(connection, "forget_feeds")
    return queries.run(connection, "rename_activities", prefix=prefix)
