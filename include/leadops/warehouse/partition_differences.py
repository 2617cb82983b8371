"""The differences on record between the marts and their copies. Each function commits."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries
from leadops.warehouse.mart_table import MartTable

queries = Queries(__file__)

#: The partition of a target that has what this database never sent: it was restored from an older state.
ALL = "all"


@dataclass(frozen=True)
class WarehouseDifference:
    """A month (2026-05, or ALL) in which a target differs; `found_at` in UTC."""

    target: str
    mart: str
    partition: str
    found_at: datetime
    own_rows: int
    their_rows: int


def list_differences(connection: Connection) -> list[WarehouseDifference]:
    """Return every difference on record."""
    with connection.transaction():
        return queries.all(connection, "list_differences", WarehouseDifference)


def record_difference(
    connection: Connection,
    target: str,
    table: MartTable,
    *,
    partition: str,
    own_rows: int,
    their_rows: int,
    now: datetime,
) -> None:
    """Put a difference on record; one that is known keeps the time at which it was found."""
    with connection.transaction():
        queries.run(
            connection,
            "replace_difference",
            target=target,
            mart=table.mart.name,
            partition=partition,
            own_rows=own_rows,
            their_rows=their_rows,
            now=now,
        )


def keep_differences(
    connection: Connection, target: str, table: MartTable, *, partitions: Collection[str]
) -> None:
    """Forget the differences of a mart in all but these partitions."""
    with connection.transaction():
        queries.run(
            connection,
            "delete_other_differences",
            target=target,
            mart=table.mart.name,
            partitions=list(partitions),
        )


def forget_difference(connection: Connection, target: str, table: MartTable, *, partition: str) -> None:
    """Forget the difference of a partition."""
    with connection.transaction():
        queries.run(connection, "delete_difference", target=target, mart=table.mart.name, partition=partition)
