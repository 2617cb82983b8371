"""What a dry run has to remember: rows that would be in already, had the earlier chunks been kept."""

from collections.abc import Sequence

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="import_tables")


class Rehearsal:
    """The keys of rows that would be in by now, in a temporary table of this session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        with connection.transaction():
            queries.run(connection, "create_rehearsed_keys")

    def add(self, rows: Sequence[Sequence[str]]) -> list[bool]:
        """Remember the rows, each by its keys; return for each whether a key came in an earlier chunk."""
        keys = [key for row in rows for key in row]
        with self._connection.transaction():
            fresh = set(queries.values(self._connection, "add_rehearsed_keys", keys=keys))
        return [any(key not in fresh for key in row) for row in rows]

    def close(self) -> None:
        """Forget the rows."""
        with self._connection.transaction():
            queries.run(self._connection, "drop_rehearsed_keys")
