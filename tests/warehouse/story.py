"""What the tests of warehouses put into the marts, and how they read what arrived."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from leadops.db import Connection
from leadops.marts.mart_contract import read_contract
from leadops.marts.publish_changes import publish_changes
from leadops.warehouse.bigquery_target import BigQueryTarget
from leadops.warehouse.mart_table import MartTable, make_table
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.parquet_target import ParquetTarget

MAY, JUNE = datetime(2026, 5, 10, 12, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: Reasons that a CSV, a Parquet file and a hash each could spoil in their own way.
REASONS = ("visited pricing", "", 'a "quote", a comma\nand a line', "日本語 \\N \t", "NULL")


def clock() -> datetime:
    return NOW


def table_of(mart: str) -> MartTable:
    return make_table(read_contract().marts[mart])


def add_lead(
    connection: Connection,
    *,
    campaign: str | None = "spring",
    created: datetime = MAY,
    email: str | None = None,
) -> int:
    row = connection.execute(
        "insert into identity.leads (created_at, campaign, email) values (%s, %s, %s) returning lead_id",
        [created, campaign, email],
    ).fetchone()
    assert row
    connection.commit()
    return int(row[0])


def add_points(connection: Connection, lead: int, rows: int = 5, *, since: datetime = MAY) -> None:
    """Append rows to the ledger, ten days apart: of `since` and the months after it."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " reason, is_live, lane, event_seq)"
            " values (%s, %s, 'behaviour', 'rule', 'pricing', %s, %s, %s, %s, 0, %s)",
            [
                (
                    lead,
                    (-1) ** number * (number + 1),
                    since + timedelta(days=10 * (number % 9), microseconds=number),
                    NOW,
                    REASONS[number % len(REASONS)],
                    number % 2 == 0,
                    None if number % 3 else number,
                )
                for number in range(rows)
            ],
        )
    connection.commit()


def add_touch(connection: Connection, lead: int, *, moment: datetime = MAY) -> int:
    """An act of a lead, resolved; return its number."""
    row = connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " values (gen_random_uuid(), 'page_view', %s, %s, '{}', 'write_key') returning seq",
        [moment, NOW],
    ).fetchone()
    assert row
    connection.execute(
        "insert into identity.resolved_events (event_seq, lead_id) values (%s, %s)", [row[0], lead]
    )
    connection.commit()
    return int(row[0])


def erase_reasons(connection: Connection, lead: int) -> None:
    """Change rows of a lead in place, as an erasure does: the reasons of its points go."""
    connection.execute("update scoring.ledger set reason = '[erased]' where lead_id = %s", [lead])
    connection.execute(
        "insert into erased.erasures (lead_ids, erased_by, erased_at, day_ends_at, key_check, applied_at)"
        " values (%s, 'test', %s, %s, %s, %s)",
        [[lead], NOW, NOW, "0" * 64, NOW],
    )
    connection.commit()


def publish(connection: Connection) -> None:
    publish_changes(connection, now=NOW)
    connection.commit()


def read_mart(connection: Connection, relation: str) -> list[tuple[Any, ...]]:
    """The rows of a view of the schema mart, sorted."""
    rows = connection.execute(f"select * from mart.{relation}".encode()).fetchall()
    connection.rollback()
    return sort(rows)


def sort(rows: Any) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in rows), key=repr)


@dataclass(frozen=True)
class Place:
    """A warehouse, and how somebody else reads and changes it."""

    warehouse: Warehouse
    #: Columns (in SQL) of a table, sorted.
    read: Callable[[MartTable, str], list[tuple[Any, ...]]]
    #: Delete the rows of a month, as somebody does by hand.
    delete_month: Callable[[MartTable, str], None]
    #: Drop the whole table.
    drop: Callable[[MartTable], None]

    def rows(self, mart: str) -> list[tuple[Any, ...]]:
        table = table_of(mart)
        return self.read(table, ", ".join(table.names))

    def expected(self, connection: Connection, mart: str) -> list[tuple[Any, ...]]:
        table = table_of(mart)
        rows = connection.execute(
            f"select {', '.join(table.names)} from mart.{table.relation}".encode()
        ).fetchall()
        connection.rollback()
        return sort(rows)


def folder_place(folder: Path, *, personal: Path | None = None) -> Place:
    target = ParquetTarget(str(folder))

    def read(table: MartTable, columns: str) -> list[tuple[Any, ...]]:
        paths = sorted(str(path) for path in (folder / table.relation).glob("*/*.parquet"))
        if not paths:
            return []
        with duckdb.connect() as reader:
            reader.execute("set timezone = 'UTC'")
            return sort(
                reader.execute(
                    f"select {columns} from read_parquet(?, union_by_name = true, hive_partitioning = true)",
                    [paths],
                ).fetchall()
            )

    def delete_month(table: MartTable, month: str) -> None:
        for path in (folder / table.relation / f"happened_month={month}").glob("*.parquet"):
            path.unlink()

    def drop(table: MartTable) -> None:
        for path in sorted((folder / table.relation).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()

    names = personal and ParquetTarget(str(personal))
    return Place(Warehouse("folder", target, names), read, delete_month, drop)


def bigquery_place(client: Any, dataset: str, *, personal_dataset: str | None = None) -> Place:
    def now() -> datetime:
        return datetime.now(UTC)

    target = BigQueryTarget(client, dataset=dataset, clock=now)
    personal = (personal_dataset and BigQueryTarget(client, dataset=personal_dataset, clock=now)) or None

    def run(statement: str) -> list[tuple[Any, ...]]:
        return sort(row.values() for row in client.query(statement).result())

    def read(table: MartTable, columns: str) -> list[tuple[Any, ...]]:
        return run(f"select {columns} from `{client.project}.{dataset}.{table.relation}`")

    def delete_month(table: MartTable, month: str) -> None:
        run(
            f"delete from `{client.project}.{dataset}.{table.relation}`"
            f" where format_timestamp('%Y-%m', {table.moment}) = '{month}'"
        )

    def drop(table: MartTable) -> None:
        client.delete_table(f"{client.project}.{dataset}.{table.relation}")

    return Place(Warehouse("bigquery", target, personal), read, delete_month, drop)
