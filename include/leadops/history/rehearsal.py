"""What a dry run has to remember: rows that would be in already, had the chunks before been kept."""

from collections.abc import Sequence

from leadops.db import Connection, load_sql


class Rehearsal:
    """The keys of rows that would be in by now, in a table of this session alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        with connection.transaction():
            connection.execute(load_sql("leadops.history", "create_rehearsed"))

    def add(self, rows: Sequence[Sequence[str]]) -> list[bool]:
        """Remember the rows, each by its keys; return of each whether a key came in an earlier chunk."""
        keys = [key for row in rows for key in row]
        with self._connection.transaction():
            found = self._connection.execute(load_sql("leadops.history", "add_rehearsed"), {"keys": keys})
            fresh = {str(key) for (key,) in found}
        return [any(key not in fresh for key in row) for row in rows]

    def close(self) -> None:
        """Forget them."""
        with self._connection.transaction():
            self._connection.execute(load_sql("leadops.history", "drop_rehearsed"))
