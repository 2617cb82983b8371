"""The temporary tables of one transaction: whom to observe as of when, and what was known of them."""

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def create_tables(connection: Connection) -> None:
    """Create the working tables of this transaction, empty, and set the planner for large joins."""
    queries.run(connection, "configure_planner")
    queries.run(connection, "create_observations")
    queries.run(connection, "create_identities")
    queries.run(connection, "create_unlinked_visitors")
    queries.run(connection, "create_events_seen")
    queries.run(connection, "create_profile_values")
    queries.run(connection, "clear_tables")
