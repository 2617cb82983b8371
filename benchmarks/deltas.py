"""The deltas that are pushed: a range of the ledger, and how the other ways read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg.rows import dict_row

from benchmarks.arena import Arena
from benchmarks.statements import read_statement
from leadops.db import connect


@dataclass(frozen=True)
class Deltas:
    """A range of the ledger, both ends included, in the database `url`."""

    url: str
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many deltas the range has."""
        return self.last - self.first + 1

    def pages(self, size: int, *, prefix: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the deltas as the MA takes them, `size` at a time, read from PostgreSQL as it goes.

        `prefix` begins each deltaId, so that the MA has never seen it.
        """
        values = {"prefix": prefix, "first": self.first, "last": self.last}
        with connect(self.url) as connection, connection.cursor(name="deltas", row_factory=dict_row) as rows:
            rows.itersize = size
            rows.execute(read_statement("read_deltas"), values)
            while page := rows.fetchmany(size):
                yield page


def fill_ledger(arena: Arena, *, count: int, leads: int) -> Deltas:
    """Append `count` rows of the leads 1 … `leads` to the ledger, as scoring does; return their range."""
    with arena.connect() as connection:
        row = connection.execute(read_statement("fill_ledger"), {"deltas": count, "leads": leads}).fetchone()
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze")
    if row is None or row[1] - row[0] + 1 != count:
        raise RuntimeError(f"the ledger took {row} instead of {count} rows")
    return Deltas(arena.url, row[0], row[1])
