"""The enums of routing are what the database allows."""

from enum import StrEnum

import pytest

from leadops.db import Connection
from leadops.routing.routing_states import AssignmentCause, AssignmentReason, NoticeState, PlaceState
from tests.enum_checks import allowed_values


@pytest.mark.parametrize(
    ("table", "column", "states"),
    [
        ("routing.leads", "state", PlaceState),
        ("routing.notices", "state", NoticeState),
        ("routing.assignments", "why", AssignmentReason),
        ("routing.assignments", "cause", AssignmentCause),
    ],
)
def test_the_database_allows_the_same_values(
    connection: Connection, table: str, column: str, states: type[StrEnum]
) -> None:
    assert allowed_values(connection, table, column) == set(states)


def test_both_tables_of_places_have_the_same_columns(connection: Connection) -> None:
    """Places move between the tables as whole rows, so the order of the columns counts."""
    columns = (
        "select attname, atttypid from pg_attribute where attrelid = %s::regclass and attnum > 0"
        " and not attisdropped order by attnum"
    )
    leads, aside = (
        connection.execute(columns, [table]).fetchall() for table in ("routing.leads", "routing.set_aside")
    )
    assert leads == aside
