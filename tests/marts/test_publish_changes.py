"""What the marts publish: versions that follow one another, in the order of commits."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection, connect
from leadops.marts.publish_changes import publish_changes

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def add_lead(connection: Connection, *, created: datetime = NOON, campaign: str | None = "spring") -> int:
    row = connection.execute(
        "insert into identity.leads (created_at, campaign) values (%s, %s) returning lead_id",
        [created, campaign],
    ).fetchone()
    assert row
    return int(row[0])


def reach(connection: Connection, lead: int, stage: str, moment: datetime, *, recorded: datetime) -> None:
    connection.execute(
        "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
        " kpi_version) values (%s, 1, %s, %s, %s, '{}', 'v1')",
        [lead, stage, moment, recorded],
    )


def list_versions(connection: Connection, *columns: str, view: str = "transition_versions") -> list[Any]:
    rows = connection.execute(
        f"select {', '.join(columns)} from mart.{view} order by change_number".encode()
    ).fetchall()
    connection.commit()
    return rows


def test_a_row_is_published_once_with_the_time_that_it_was_recorded(connection: Connection) -> None:
    lead = add_lead(connection)
    reach(connection, lead, "mql", NOON, recorded=NOON + HOUR)
    connection.commit()
    assert publish_changes(connection, now=NOON + 2 * HOUR) == 2
    assert publish_changes(connection, now=NOON + 3 * HOUR) == 0
    assert list_versions(
        connection, "lead_id", "stage", "version", "happened_at", "known_at", "is_deleted"
    ) == [(lead, "mql", 1, NOON, NOON + HOUR, False)]
    assert list_versions(connection, "lead_id", "campaign", "person_id", "counts", view="lead_versions") == [
        (lead, "spring", lead, True)
    ]


def test_a_correction_in_place_follows_and_is_known_since_then(connection: Connection) -> None:
    lead = add_lead(connection)
    reach(connection, lead, "won", NOON, recorded=NOON + HOUR)
    connection.commit()
    publish_changes(connection, now=NOON + 2 * HOUR)
    connection.execute("update lifecycle.transitions set value = 500, recorded_at = %s", [NOON + HOUR])
    connection.commit()
    assert publish_changes(connection, now=NOON + 5 * HOUR) == 1
    assert list_versions(connection, "version", "value", "known_at") == [
        (1, None, NOON + HOUR),
        (2, 500, NOON + 5 * HOUR),
    ]


def test_what_is_gone_and_what_comes_back_follows_too(connection: Connection) -> None:
    lead = add_lead(connection)
    reach(connection, lead, "sal", NOON, recorded=NOON)
    connection.commit()
    publish_changes(connection, now=NOON)
    connection.execute("delete from lifecycle.transitions")
    connection.commit()
    publish_changes(connection, now=NOON + HOUR)
    assert publish_changes(connection, now=NOON + HOUR) == 0
    reach(connection, lead, "sal", NOON, recorded=NOON)
    connection.commit()
    publish_changes(connection, now=NOON + 2 * HOUR)
    assert list_versions(connection, "version", "stage", "is_deleted", "known_at") == [
        (1, "sal", False, NOON),
        (2, "sal", True, NOON + HOUR),
        (3, "sal", False, NOON + 2 * HOUR),
    ]


def test_what_a_transaction_deletes_and_derives_again_is_no_version(connection: Connection) -> None:
    lead = add_lead(connection)
    reach(connection, lead, "sal", NOON, recorded=NOON)
    connection.commit()
    publish_changes(connection, now=NOON)
    connection.execute("delete from lifecycle.transitions")
    reach(connection, lead, "sal", NOON, recorded=NOON + HOUR)
    connection.commit()
    assert publish_changes(connection, now=NOON + HOUR) == 0


def test_a_merge_and_a_split_follow_for_the_lead_and_for_its_stages(connection: Connection) -> None:
    older, younger = add_lead(connection), add_lead(connection)
    reach(connection, younger, "mql", NOON, recorded=NOON)
    connection.commit()
    publish_changes(connection, now=NOON)
    connection.execute(
        "insert into identity.people (lead_id, person_id)"
        " values (%(older)s, %(older)s), (%(younger)s, %(older)s)",
        {"older": older, "younger": younger},
    )
    connection.execute("update identity.leads set merged_into = %s where lead_id = %s", [older, younger])
    connection.commit()
    publish_changes(connection, now=NOON + HOUR)
    connection.execute("delete from identity.people")
    connection.execute("update identity.leads set merged_into = null")
    connection.commit()
    publish_changes(connection, now=NOON + 2 * HOUR)
    expected = [(younger, younger, NOON), (younger, older, NOON + HOUR), (younger, younger, NOON + 2 * HOUR)]
    assert list_versions(connection, "lead_id", "person_id", "known_at") == expected
    of_leads = list_versions(connection, "lead_id", "person_id", "known_at", view="lead_versions")
    assert [row for row in of_leads if row[0] == younger] == expected


def test_who_counts_for_nothing_follows(connection: Connection) -> None:
    lead = add_lead(connection)
    reach(connection, lead, "mql", NOON, recorded=NOON)
    connection.commit()
    publish_changes(connection, now=NOON)
    connection.execute(
        "insert into identity.uncounted_leads values (%s, 'internal', 'domain example.com', %s)", [lead, NOON]
    )
    connection.commit()
    publish_changes(connection, now=NOON + HOUR)
    assert list_versions(connection, "version", "counts") == [(1, True), (2, False)]


def test_the_clock_of_a_transaction_counts_unless_that_of_the_caller_is_earlier(
    connection: Connection,
) -> None:
    lead = add_lead(connection)
    connection.commit()
    publish_changes(connection, now=NOON)
    connection.execute("update identity.leads set only_claimed = true where lead_id = %s", [lead])
    began = connection.execute("select now()").fetchone()
    connection.commit()
    assert began
    publish_changes(connection, now=began[0] + HOUR)
    assert list_versions(connection, "version", "known_at", view="lead_versions") == [
        (1, NOON),
        (2, began[0]),
    ]


def test_a_late_commit_gets_a_later_number(connection: Connection, database_url: str) -> None:
    """It began first and changed its row first; whoever has read up to number N reads it after N."""
    with connect(database_url) as slow:
        late = add_lead(slow)
        early = add_lead(connection)
        connection.commit()
        publish_changes(connection, now=NOON)
        slow.commit()
    assert list_versions(connection, "lead_id", view="lead_versions") == [(early,)]
    publish_changes(connection, now=NOON)
    assert list_versions(connection, "lead_id", view="lead_versions") == [(early,), (late,)]


def test_two_at_once_publish_each_change_once(connection: Connection, database_url: str) -> None:
    leads = [add_lead(connection) for _ in range(40)]
    connection.commit()
    counts: list[int] = []

    def publish() -> None:
        with connect(database_url) as own:
            counts.append(publish_changes(own, now=NOON, max_rows=7))

    threads = [threading.Thread(target=publish) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 40
    assert sorted(list_versions(connection, "lead_id", "version", view="lead_versions")) == [
        (lead, 1) for lead in leads
    ]


@pytest.mark.parametrize("max_rows", [1, 3, 100])
def test_chunks_lead_to_the_same_versions(connection: Connection, max_rows: int) -> None:
    for number in range(3):
        lead = add_lead(connection)
        reach(connection, lead, "mql", NOON + number * HOUR, recorded=NOON)
        reach(connection, lead, "sal", NOON + number * HOUR, recorded=NOON)
    connection.commit()
    assert publish_changes(connection, now=NOON, max_rows=max_rows) == 9
    assert list_versions(connection, "lead_id", "stage") == [
        (lead, stage) for lead in (1, 2, 3) for stage in ("mql", "sal")
    ]
