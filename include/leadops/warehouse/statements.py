"""Fills in the statements of statements.yaml: names come from the contract, which make_table has checked."""

from functools import cache
from pathlib import Path
from typing import Any, LiteralString, cast

import yaml
from psycopg import sql

from leadops.warehouse.mart_table import MartTable, TableColumn

FILE = Path(__file__).with_name("statements.yaml")


@cache
def read_templates() -> dict[str, dict[str, LiteralString]]:
    """Return the statements by system and name."""
    return cast(dict[str, dict[str, LiteralString]], yaml.safe_load(FILE.read_text(encoding="utf-8")))


def for_postgres(name: str, table: MartTable, /, **values: Any) -> sql.Composed:
    """Return the statement of PostgreSQL that reads `table`; `values` become literals."""
    templates = read_templates()["postgres"]
    last = values.pop("last", None)
    number: sql.Composable = sql.Identifier(table.number) if table.number else sql.SQL("null")
    is_sent: sql.Composable = sql.SQL("true")
    if last is not None and table.number and name != "copy_changes":
        is_sent = sql.SQL(templates["is_sent"]).format(number=number, last=sql.Literal(last))
    numbers = [column for column in table.columns if column.type.is_number]
    return sql.SQL(templates[name]).format(
        rows=sql.Identifier(table.relation),
        columns=_list(", ", [_fill(column.type.postgres, column) for column in table.columns]),
        number=number,
        moment=sql.Identifier(table.moment),
        is_sent=is_sent,
        last=sql.Literal(last),
        text=_list(
            ", ",
            [
                sql.SQL(templates["shown"]).format(canonical=_fill(column.type.canonical_postgres, column))
                for column in table.columns
            ],
        ),
        total=_list(
            " + ",
            [
                sql.SQL(templates["summed"]).format(
                    column=sql.Identifier(column.name), factor=sql.Literal(10**column.type.scale)
                )
                for column in numbers
            ],
        ),
        **{key: sql.Literal(value) for key, value in values.items()},
    )


def _fill(expression: str, column: TableColumn) -> sql.Composed:
    return sql.SQL(expression).format(sql.Identifier(column.name))


def _list(separator: LiteralString, parts: list[sql.Composed]) -> sql.Composed:
    return sql.SQL(separator).join(parts)


def for_bigquery(name: str, table: MartTable, /, **names: str) -> str:
    """Return the statement of BigQuery about `table`; values are its parameters (@since, @until …)."""
    templates = read_templates()["bigquery"]
    return templates[name].format(
        number=table.number,
        moment=table.moment,
        columns=", ".join(table.names),
        key=", ".join(table.mart.meta.key),
        text=", ".join(
            templates["shown"].format(canonical=column.type.canonical_bigquery.format(column.name))
            for column in table.columns
        ),
        total=" + ".join(
            templates["summed"].format(column=column.name, factor=10**column.type.scale)
            for column in table.columns
            if column.type.is_number
        ),
        **names,
    )
