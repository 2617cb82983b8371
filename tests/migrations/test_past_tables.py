"""What moves to a past table moves column by column: `select passed.*, known_until` relies on their order."""

import pytest

from leadops.db import Connection

pytestmark = pytest.mark.uncommitted

#: Tables of the past, and the columns that stand behind those of the present.
PAST = {
    "analytics.past_funnel_cells": "funnel_cells",
    "analytics.past_funnel_entries": "funnel_entries",
    "analytics.past_funnel_sums": "funnel_sums",
    "attribution.past_credits": "credits",
    "attribution.past_periods": "periods",
    "economics.past_monthly_costs": "monthly_costs",
    "economics.past_months": "months",
}


def list_columns(connection: Connection, table: str) -> list[tuple[str, str]]:
    """Return the columns of a table, in order, with their types."""
    return connection.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = %(table)s::regclass and attnum > 0 and not attisdropped order by attnum",
        {"table": table},
    ).fetchall()


def test_every_past_table_is_listed(connection: Connection) -> None:
    found = connection.execute(
        "select schemaname || '.' || tablename from pg_tables where starts_with(tablename, 'past_')"
    ).fetchall()
    assert {name for (name,) in found} == PAST.keys()


@pytest.mark.parametrize("past", PAST)
def test_a_past_row_is_a_present_row_and_until_when_it_was_known(connection: Connection, past: str) -> None:
    present = f"{past.partition('.')[0]}.{PAST[past]}"
    until = ("known_until", "timestamp with time zone")
    assert list_columns(connection, past) == [*list_columns(connection, present), until]
