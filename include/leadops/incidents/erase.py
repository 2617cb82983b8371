"""Clears the facts of incidents of somebody erased."""

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def erase_facts(connection: Connection, *, pattern: str) -> list[int]:
    """Clear the facts that match `pattern`; return the messages in Slack that show them."""
    return queries.values(connection, "clear_facts", pattern=pattern)
