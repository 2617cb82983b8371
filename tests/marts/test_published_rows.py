"""Every mart with versions: a change of its tables is noted by whoever writes them, and published."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.marts.mart_contract import History, read_contract
from leadops.marts.publish_changes import publish_changes
from leadops.marts.removal import erase_versions

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEAD = "insert into identity.leads (created_at, email) values ('2026-06-01 12:00Z', 'ada@example.com')"
THRESHOLD = (
    "insert into lifecycle.thresholds (day, kpi_version, value, effective_at, proposed_at, decided_by,"
    " reason, plan, facts, hash) values ('2026-06-01', 'v1', 60, '2026-06-01 13:00Z', '2026-06-01 12:00Z',"
    " 'automatic', 'more capacity', 'apply', '{}', 'h')"
)
#: Of each mart: what makes a row, what changes it, and the columns that show both.
CHANGES = {
    "leads": ("select 1", "update identity.leads set account_id = 7", "account_id", [None, 7]),
    "transitions": (
        "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
        " kpi_version) values (1, 1, 'mql', now(), now(), '{}', 'v1')",
        "insert into lifecycle.person_cycles values (1, 1, 3);"
        " insert into identity.people (lead_id, person_id) values (1, 1)",
        "person_cycle",
        [1, 3],
    ),
    "responses": (
        "insert into lifecycle.facts values (1, 1, 'contact', now(), 'call-1', 'rep-1')",
        "update lifecycle.facts set rep_id = 'rep-2'",
        "rep_id",
        ["rep-1", "rep-2"],
    ),
    "assignments": (
        "insert into routing.assignments (lead_id, cycle, number, rep_id, why, cause, is_backfill,"
        " assigned_at, waited_minutes, facts, passed_over, rules)"
        " values (1, 1, 1, 'rep-1', 'share', 'mql', false, now(), 2.5, '{}', '[]', 'h')",
        "select 1",  # append-only
        "waited_minutes",
        [2.5],
    ),
    "sends": (
        "insert into nurture.programmes values ('wake', 1, 'h', '{}', now());"
        " insert into nurture.memberships (programme, version, lead_id, cycle, entered_at, entry_event_seq,"
        " is_held_out, next_step, due_at) values ('wake', 1, 1, 1, now(), 1, false, 'one', now());"
        " insert into nurture.sends (membership_id, step, lead_id, due_at, stale_at, decided_at, state,"
        " reason) values (1, 'one', 1, now(), now(), now(), 'skipped', 'customer')",
        "update nurture.sends set reason = 'opted_out'",
        "reason",
        ["customer", "opted_out"],
    ),
    "costs": (
        "insert into economics.costs (month, category, amount, origin, recorded_at)"
        " values ('2026-05-01', 'ads', 100, 'a', now())",
        "update economics.costs set amount = 120.5",
        "amount",
        [100, 120.5],
    ),
    "decisions": (
        THRESHOLD,
        "update lifecycle.thresholds set answer = 'approved'",
        "answer",
        [None, "approved"],
    ),
    "incidents": (
        "insert into incidents.incidents (kind, subject, opened_at, seen_at, facts)"
        " values ('dag_failed', 'score_leads', now(), now(), '{}')",
        "update incidents.incidents set state = 'resolved', resolved_at = now()",
        "state",
        ["open", "resolved"],
    ),
    # Personal: the newest version alone.
    "addresses": (
        "select 1",
        "update identity.leads set email = 'ada@other.example'",
        "email",
        ["ada@other.example"],
    ),
    "traits": (
        "insert into identity.traits values (1, 'title', '\"Head\"', now(), 'e-1')",
        "update identity.traits set value = '\"Chief\"'",
        "value",
        ["Chief"],
    ),
}


def list_versions(connection: Connection, mart: str, *columns: str) -> list[Any]:
    view = read_contract().marts[mart].relations[-1]
    rows = connection.execute(
        f"select {', '.join(columns)} from mart.{view} order by version".encode()
    ).fetchall()
    connection.commit()
    return rows


def run(connection: Connection, statements: str) -> None:
    connection.execute(statements.encode())
    connection.commit()


@pytest.mark.parametrize("mart", CHANGES)
def test_a_change_is_noted_and_follows(connection: Connection, mart: str) -> None:
    made, changed, column, expected = CHANGES[mart]
    run(connection, LEAD)
    run(connection, made)
    publish_changes(connection, now=NOON + HOUR)
    run(connection, changed)
    publish_changes(connection, now=NOON + 2 * HOUR)
    assert [row[0] for row in list_versions(connection, mart, column)] == expected
    assert publish_changes(connection, now=NOON + 3 * HOUR) == 0


def test_every_mart_with_versions_is_tried() -> None:
    marts = read_contract().marts
    assert set(CHANGES) == {name for name, mart in marts.items() if mart.meta.history is History.VERSIONS}


def test_a_decision_on_a_model_is_published_beside_those_on_thresholds(connection: Connection) -> None:
    run(connection, THRESHOLD)
    run(
        connection,
        "insert into training.decisions (day, outcome, reason, champion_id, inputs_hash, findings,"
        " decided_at) values ('2026-06-02', 'first', 'it is the first', 4, 'h', '{}', '2026-06-02 12:00Z')",
    )
    publish_changes(connection, now=NOON)
    found = connection.execute(
        "select kind, decision_id, outcome, threshold, model_id from mart.decision_versions order by kind"
    ).fetchall()
    assert found == [("model", 1, "first", None, 4), ("threshold", 1, "automatic", 60, None)]


def test_an_incident_that_is_only_seen_again_is_not_noted(connection: Connection) -> None:
    run(connection, CHANGES["incidents"][0])
    publish_changes(connection, now=NOON)
    run(connection, "update incidents.incidents set seen_at = now(), facts = '{\"leads\": 3}'")
    assert connection.execute("select count(*) from mart.inbox").fetchone() == (0,)


def test_a_personal_row_that_is_gone_leaves_its_key_alone(connection: Connection) -> None:
    run(connection, LEAD)
    run(connection, CHANGES["traits"][0])
    publish_changes(connection, now=NOON)
    run(connection, "delete from identity.traits")
    publish_changes(connection, now=NOON + HOUR)
    assert list_versions(connection, "traits", "lead_id", "trait", "value", "version", "is_deleted") == [
        (1, "title", None, 2, True)
    ]


def test_an_erasure_is_a_version_that_names_nobody(connection: Connection) -> None:
    run(connection, LEAD)
    publish_changes(connection, now=NOON)
    before = connection.execute("select max(change_number) from mart.versions").fetchone()
    run(connection, "update identity.leads set email = null, erased_at = now()")
    erase_versions(connection, ErasedPerson([1], ()), now=NOON + HOUR)
    connection.commit()
    assert list_versions(connection, "addresses", "lead_id", "email", "known_at", "is_deleted") == [
        (1, None, NOON + HOUR, True)
    ]
    after = connection.execute("select max(change_number) from mart.versions").fetchone()
    assert before
    assert after
    assert after > before
    assert publish_changes(connection, now=NOON + 2 * HOUR) == 1  # the lead: when it was erased
    assert "ada" not in str(connection.execute("select * from mart.versions").fetchall())


def test_what_an_event_says_and_when_it_arrived(connection: Connection) -> None:
    """An act that is taken for a machine's does not count; a trait is known since its event arrived."""
    run(connection, LEAD)
    run(
        connection,
        "insert into cdp.events (event_id, event, ts, received_at, payload, proof) values"
        " ('e-1', 'page_view', '2026-06-01 10:00Z', '2026-06-01 10:05Z',"
        ' \'{"context": {"utm": {"campaign": "spring", "medium": "cpc"}}}\', \'claim\'),'
        " ('e-2', 'email_click', '2026-06-01 11:00Z', '2026-06-01 11:05Z', '{}', 'write_key');"
        " insert into identity.resolved_events (event_seq, lead_id) values (1, 1), (2, 1);"
        " insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
        " values (2, 1, 'speed', 'x', now());"
        " insert into identity.traits values (1, 'title', '\"Head\"', '2026-06-01 10:00Z', 'e-1'),"
        " (1, 'email_domain', '\"example.com\"', 'infinity', 'import')",
    )
    assert connection.execute(
        "select touch_id, kind, campaign, source, medium, known_at - happened_at, counts from mart.touches"
        " order by touch_id"
    ).fetchall() == [
        (1, "page_view", "spring", None, "cpc", timedelta(minutes=5), True),
        (2, "email_click", None, None, None, timedelta(minutes=5), False),
    ]
    assert connection.execute(
        "select trait, happened_at, known_at from mart.traits order by trait"
    ).fetchall() == [
        ("email_domain", NOON, NOON),
        ("title", NOON - 2 * HOUR, NOON - 2 * HOUR + timedelta(minutes=5)),
    ]
