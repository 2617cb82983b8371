"""How large the tables are, what was deleted from them, and what autovacuum has to do."""

from dataclasses import dataclass

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class TableSize:
    """A table at a moment: its rows, its bytes with indexes and toast, and its dead rows."""

    name: str
    rows: int
    bytes: int
    dead: int


@dataclass(frozen=True)
class TableChanges:
    """How many rows of a table were written since its statistics began."""

    name: str
    inserted: int
    updated: int
    deleted: int

    @property
    def written(self) -> int:
        """All of them."""
        return self.inserted + self.updated + self.deleted


def list_sizes(connection: Connection) -> dict[str, TableSize]:
    """Return every table with its true number of rows, by name."""
    sizes = {}
    with connection.transaction():
        for table in queries.all(connection, "list_tables", TableSize):
            rows = connection.execute(f"select count(*) from {table.name}".encode()).fetchone()
            sizes[table.name] = TableSize(table.name, rows[0] if rows else 0, table.bytes, table.dead)
    return sizes


def list_changes(connection: Connection) -> dict[str, TableChanges]:
    """Return what was written so far, by table."""
    with connection.transaction():
        queries.run(connection, "flush_statistics")
    with connection.transaction():
        return {change.name: change for change in queries.all(connection, "list_changes", TableChanges)}


def read_wal_position(connection: Connection) -> int:
    """Return how many bytes of write-ahead log there are."""
    with connection.transaction():
        return int(queries.value(connection, "read_wal_position"))


def vacuum_due(connection: Connection) -> None:
    """Vacuum and analyze what autovacuum would have by now: it has only seconds for a day that is played."""
    with connection.transaction():
        tables = queries.values(connection, "list_due_tables")
    if tables:
        connection.autocommit = True
        connection.execute(f"vacuum (analyze) {', '.join(tables)}".encode())
        connection.autocommit = False
