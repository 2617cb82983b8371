"""The id of this installation, which makes its keys unique in systems that several installations share."""

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def find_installation_id(connection: Connection) -> str:
    """Return the installation's id; empty where none is on record."""
    return str(queries.value(connection, "find_installation_id") or "")
