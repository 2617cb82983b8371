"""Rows of delivery's tables by hand, for tests of single statements."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import sql
from psycopg.types.json import Json, Jsonb

from leadops.db import Connection
from leadops.queries import Queries

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

#: What a row has unless it is told otherwise.
DEFAULTS: dict[str, dict[str, Any]] = {
    "delivery.outbox": {"target": "crm", "operation": "note", "payload": Jsonb({}), "created_at": NOW},
    "delivery.batches": {"target": "ma", "lane": 0, "deltas": 1, "rows": Json([]), "created_at": NOW},
    "delivery.external_ids": {"target": "ma", "learned_at": NOW},
    "delivery.held_deltas": {"target": "ma", "lane": 0},
    "delivery.totals": {"target": "ma"},
    "delivery.found_leads": {"address_hash": "h", "found_at": NOW},
    "delivery.dead_letters": {"target": "ma", "kind": "delta", "reason": "r", "died_at": NOW},
    "identity.leads": {"created_at": NOW, "first_event_seq": 1},
    "scoring.scores": {"updated_at": NOW},
    "scoring.ledger": {
        "points": 1,
        "dimension": "fit",
        "kind": "rule",
        "rule": "r",
        "occurred_at": NOW,
        "recorded_at": NOW,
        "reason": "r",
    },
}


def add(connection: Connection, table: str, **columns: Any) -> None:
    """Insert one row; numbers that the table would give may be given."""
    values = DEFAULTS.get(table, {}) | columns
    if table in ("delivery.outbox", "delivery.batches") and "idempotency_key" not in values:
        values["idempotency_key"] = f"k{values['outbox_id' if table == 'delivery.outbox' else 'batch_id']}"
    connection.execute(
        sql.SQL("insert into {} ({}) overriding system value values ({})").format(
            sql.Identifier(*table.split(".")),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Placeholder, values)),
        ),
        values,
    )


def add_all(connection: Connection, table: str, *rows: dict[str, Any]) -> None:
    """Insert several rows."""
    for row in rows:
        add(connection, table, **row)


def call_rows(*deltas: tuple[str, int]) -> Json:
    """Return the rows of a call: of each the lead's id in the target, and the row of the ledger."""
    return Json([{"external_id": external_id, "seq": seq, "points": 1} for external_id, seq in deltas])


def ask(connection: Connection, queries: Queries, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run the statement; return what it answers."""
    cursor = connection.execute(queries.statements[statement], values)
    return cursor.fetchall() if cursor.description else []


def ask_first(connection: Connection, queries: Queries, statement: str, **values: Any) -> list[Any]:
    """Run the statement; return the first column."""
    return [row[0] for row in ask(connection, queries, statement, **values)]


def select(connection: Connection, query: str, values: Sequence[Any] = ()) -> list[Any]:
    """Return the rows of a query, or the values where it has one column."""
    rows = connection.execute(query.encode(), values).fetchall()
    return [row[0] if len(row) == 1 else row for row in rows]
