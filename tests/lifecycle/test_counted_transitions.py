"""Which stages count among those of new leads: the view that all readers of conversions share."""

from datetime import UTC, datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.db import Connection

START = datetime(2026, 6, 1, tzinfo=UTC)
TELL, COUNT = (
    {"account": {"state": "customer", "means": means, "lead_id": 9}} for means in ("tell", "count")
)


def record(
    connection: Connection, lead: int, cycle: int, stages: str, *, hour: float = 0, mql: object = None
) -> None:
    for number, stage in enumerate(stages.split()):
        moment = START + timedelta(hours=hour + number)
        connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " kpi_version) values (%s, %s, %s, %s, %s, %s, 'v')",
            [lead, cycle, stage, moment, moment, Jsonb(mql or {} if stage == "mql" else {})],
        )


def counted(connection: Connection) -> dict[tuple[int, int], str]:
    """Return the stages of each cycle that count, in their order."""
    rows = connection.execute(
        "select lead_id, cycle, string_agg(stage, ' ' order by occurred_at)"
        " from lifecycle.counted_transitions group by lead_id, cycle"
    ).fetchall()
    return {(lead, cycle): stages for lead, cycle, stages in rows}


def test_of_an_mql_that_is_counted_apart_only_the_end_counts(connection: Connection) -> None:
    record(connection, 1, 1, "mql sal sql won", mql=TELL)
    record(connection, 1, 2, "mql sal lost", mql=None)
    record(connection, 2, 1, "mql sal sql lost", mql=COUNT)
    record(connection, 3, 1, "mql sal", mql=TELL)
    assert counted(connection) == {(1, 1): "won", (1, 2): "mql sal lost", (2, 1): "mql sal sql lost"}


def test_of_a_merged_person_the_mql_that_stands_decides(connection: Connection) -> None:
    """Leads 1 and 2 are one person, and 3 and 4: the earlier MQL of a cycle is the person's."""
    for person, lead in ((1, 1), (1, 2), (3, 3), (3, 4)):
        connection.execute("insert into identity.people (lead_id, person_id) values (%s, %s)", [lead, person])
    record(connection, 1, 1, "mql", mql=TELL)
    record(connection, 2, 1, "mql sal sql", hour=1, mql=COUNT)
    record(connection, 3, 1, "mql", hour=1, mql=TELL)
    record(connection, 4, 1, "mql sal sql", mql=COUNT)
    assert counted(connection) == {(3, 1): "mql sal sql"}
