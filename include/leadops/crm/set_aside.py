"""Sets the mirror of a CRM aside when another account takes its place: the same ids are others' there."""

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def set_aside_mirror(connection: Connection) -> int:
    """Give what was mirrored ids that no CRM gives, and read the feed from its beginning, in the transaction.

    What salespeople did there still counts where it was counted already. Returns how many activities it is.
    """
    prefix = queries.value(connection, "draw_prefix")
    queries.run(connection, "rename_inbox", prefix=prefix)
    queries.run(connection, "rename_merged", prefix=prefix)
    queries.run(connection, "forget_feeds")
    return queries.run(connection, "rename_activities", prefix=prefix)
