"""Up to which change number each target has each mart. Each function commits."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries
from leadops.warehouse.mart_table import MartTable

queries = Queries(__file__)


@dataclass(frozen=True)
class ExportProgress:
    """What a target has of a mart; `sending_to`: where an export that has begun ends; `columns`: its own."""

    sent_to: int
    sending_to: int | None
    columns: list[str]

    @property
    def promised_to(self) -> int:
        """The highest change number that the target may have."""
        return self.sending_to or self.sent_to


@dataclass(frozen=True)
class SentMart:
    """What a target has of a mart, and since when."""

    target: str
    mart: str
    sent_to: int
    sent_at: datetime | None


def find_progress(connection: Connection, target: str, table: MartTable) -> ExportProgress:
    """Return the progress of a mart in a target; a new one begins with nothing."""
    known = {"target": target, "mart": table.mart.name}
    with connection.transaction():
        queries.run(connection, "insert_progress", columns=table.names, **known)
        return queries.one(connection, "find_progress", ExportProgress, **known)


def list_progress(connection: Connection) -> list[SentMart]:
    """Return what every target has."""
    with connection.transaction():
        return queries.all(connection, "list_progress", SentMart)


def promise_rows(connection: Connection, target: str, table: MartTable, *, last: int) -> None:
    """Note that rows up to the change number `last` are going to be sent."""
    with connection.transaction():
        queries.run(connection, "promise_rows", target=target, mart=table.mart.name, last=last)


def note_sent(connection: Connection, target: str, table: MartTable, *, last: int, now: datetime) -> None:
    """Note that the target has everything up to the change number `last`."""
    with connection.transaction():
        queries.run(connection, "note_sent", target=target, mart=table.mart.name, last=last, now=now)


def note_complete(connection: Connection, target: str, table: MartTable, *, at: datetime) -> None:
    """Note that the target has everything that was committed before `at` (UTC)."""
    with connection.transaction():
        queries.run(connection, "note_complete", target=target, mart=table.mart.name, at=at)


def note_columns(connection: Connection, target: str, table: MartTable) -> None:
    """Note that the target has all columns, in older rows too."""
    with connection.transaction():
        queries.run(connection, "note_columns", target=target, mart=table.mart.name, columns=table.names)
