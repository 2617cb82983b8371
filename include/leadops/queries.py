"""Named SQL statements, kept in a .sql file beside the modules that run them; rows come by column name."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString, TypeVar

from psycopg.rows import class_row, scalar_row

from leadops.db import AsyncConnection, Connection

Row = TypeVar("Row")

#: How many rows a stream asks the server for at once.
PAGE = 5_000
#: How many packs of rows: a pack is some hundred kilobytes.
PACKS = 20

#: The line that begins a statement: `-- name: find_head`.
NAME_LINE = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Queries:
    """The statements of `module.sql`, made in `module.py` by `queries = Queries(__file__)`.

    Modules that share one idea share its file: `Queries(__file__, topic="totals")` reads `totals.sql` beside
    the module. Parameters are bound by name: `queries.one(connection, "find_head", Head, lead_id=7)`. A row
    type is a dataclass or NamedTuple whose fields are the statement's columns, in any order.
    """

    def __init__(self, module_file: str, *, topic: str | None = None) -> None:
        module = Path(module_file)
        self.path = module.with_name(f"{topic or module.stem}.sql")
        self.statements = read_statements(self.path.read_text(encoding="utf-8"))

    def run(self, connection: Connection, statement: str, /, **values: object) -> int:
        """Execute `statement`; return how many rows it changed (or returned)."""
        return connection.execute(self.statements[statement], values).rowcount

    def run_many(
        self, connection: Connection, statement: str, rows: Iterable[Mapping[str, object]], /
    ) -> None:
        """Execute `statement` once for each of `rows` (its parameters), in as few round trips as possible."""
        with connection.cursor() as cursor:
            cursor.executemany(self.statements[statement], rows)

    def copy(self, connection: Connection, statement: str, rows: Iterable[Sequence[object]], /) -> None:
        """Write `rows` with `copy … from stdin`, their values in the order of the statement's columns."""
        with connection.cursor() as cursor, cursor.copy(self.statements[statement]) as copy:
            for row in rows:
                copy.write_row(row)

    def all(
        self, connection: Connection, statement: str, row_type: type[Row], /, **values: object
    ) -> list[Row]:
        """Return every row as a `row_type`."""
        with connection.cursor(row_factory=class_row(row_type)) as cursor:
            return cursor.execute(self.statements[statement], values).fetchall()

    def all_binary(
        self, connection: Connection, statement: str, row_type: type[Row], /, **values: object
    ) -> list[Row]:
        """Return every row as a `row_type`, sent in binary: for columns with packs of numbers (bytea)."""
        with connection.cursor(binary=True, row_factory=class_row(row_type)) as cursor:
            return cursor.execute(self.statements[statement], values).fetchall()

    def first(
        self, connection: Connection, statement: str, row_type: type[Row], /, **values: object
    ) -> Row | None:
        """Return the first row as a `row_type`, or None if there is none."""
        with connection.cursor(row_factory=class_row(row_type)) as cursor:
            return cursor.execute(self.statements[statement], values).fetchone()

    def one(self, connection: Connection, statement: str, row_type: type[Row], /, **values: object) -> Row:
        """Return the one row of a statement that always has one; raise LookupError if it has none."""
        row = self.first(connection, statement, row_type, **values)
        if row is None:
            raise LookupError(f"{self.path.stem}.{statement} returned no row")
        return row

    def stream(
        self, connection: Connection, statement: str, row_type: type[Row], /, **values: object
    ) -> Iterator[Row]:
        """Yield the rows through a server-side cursor, so that they never all lie in memory.

        The caller's transaction has to stay open until the last row was read.
        """
        with connection.cursor(name=statement, row_factory=class_row(row_type)) as cursor:
            cursor.itersize = PAGE
            cursor.execute(self.statements[statement], values)
            yield from cursor

    def packs(self, connection: Connection, statement: str, /, **values: object) -> Iterator[bytes]:
        """Yield the only column (a bytea of many packed rows) of every row through a server-side cursor.

        Binary, and few at a time, because each is large. The caller's transaction has to stay open until the
        last one was read.
        """
        with connection.cursor(name=statement, binary=True, row_factory=scalar_row) as cursor:
            cursor.itersize = PACKS
            cursor.execute(self.statements[statement], values)
            yield from cursor

    def values(self, connection: Connection, statement: str, /, **values: object) -> list[Any]:
        """Return the only column of every row."""
        with connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(self.statements[statement], values).fetchall()

    def value(self, connection: Connection, statement: str, /, **values: object) -> Any:
        """Return the only column of the first row, or None if there is no row."""
        with connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(self.statements[statement], values).fetchone()

    async def run_async(self, connection: AsyncConnection, statement: str, /, **values: object) -> int:
        """As `run`, on a connection of an event loop."""
        return (await connection.execute(self.statements[statement], values)).rowcount

    async def one_async(
        self, connection: AsyncConnection, statement: str, row_type: type[Row], /, **values: object
    ) -> Row:
        """As `one`, on a connection of an event loop."""
        row = await self.first_async(connection, statement, row_type, **values)
        if row is None:
            raise LookupError(f"{self.path.stem}.{statement} returned no row")
        return row

    async def first_async(
        self, connection: AsyncConnection, statement: str, row_type: type[Row], /, **values: object
    ) -> Row | None:
        """As `first`, on a connection of an event loop."""
        async with connection.cursor(row_factory=class_row(row_type)) as cursor:
            return await (await cursor.execute(self.statements[statement], values)).fetchone()

    async def all_async(
        self, connection: AsyncConnection, statement: str, row_type: type[Row], /, **values: object
    ) -> list[Row]:
        """As `all`, on a connection of an event loop."""
        async with connection.cursor(row_factory=class_row(row_type)) as cursor:
            return await (await cursor.execute(self.statements[statement], values)).fetchall()

    async def value_async(self, connection: AsyncConnection, statement: str, /, **values: object) -> Any:
        """As `value`, on a connection of an event loop."""
        async with connection.cursor(row_factory=scalar_row) as cursor:
            return await (await cursor.execute(self.statements[statement], values)).fetchone()


def read_statements(script: str) -> dict[str, LiteralString]:
    """Return the statements of a file by name; raise ValueError if one is nameless or named twice.

    Without the lines that are comments and without indentation: psycopg reads a statement of more than 4,096
    characters again each time it is run. So no text in a statement goes over the end of a line.
    """
    head, *parts = NAME_LINE.split(script)
    names, bodies = parts[::2], parts[1::2]
    if any(line and not line.startswith("--") for line in head.splitlines()):
        raise ValueError("a statement stands before the first `-- name:` line")
    if len(set(names)) < len(names):
        raise ValueError(f"a name stands twice: {sorted({name for name in names if names.count(name) > 1})}")
    return {name: _shorten(body).removesuffix(";") for name, body in zip(names, bodies, strict=True)}


def _shorten(body: str) -> LiteralString:
    lines = (line.strip() for line in body.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("--"))
