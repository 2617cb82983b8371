"""Compares enums with the check constraints of the database."""

import re

from leadops.db import Connection


def allowed_values(connection: Connection, table: str, column: str) -> set[str]:
    """Return the values that the check constraint on `column` of `table` allows."""
    rows = connection.execute(
        "select pg_get_constraintdef(constraints.oid) from pg_constraint as constraints"
        " inner join pg_attribute as columns on constraints.conrelid = columns.attrelid"
        " and columns.attnum = any(constraints.conkey)"
        " where constraints.contype = 'c' and constraints.conrelid = %s::regclass and columns.attname = %s"
        " and array_length(constraints.conkey, 1) = 1",
        [table, column],
    ).fetchall()
    assert len(rows) == 1, f"{table}.{column} has {len(rows)} check constraints"
    return set(re.findall(r"'([^']*)'", rows[0][0]))
