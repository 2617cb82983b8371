"""What is deleted after its days, and what never is."""

from datetime import UTC, datetime, timedelta

import pytest

from leadops.db import Connection
from leadops.housekeeping import old_rows
from leadops.housekeeping.retention_settings import TableRetention
from leadops.identity.compare_rebuilt import compare_rebuilt
from leadops.migrations.rights import Part
from leadops.orchestration.tasks import housekeeping
from leadops.retention import OLD_ROWS
from tests.roles import as_role
from tests.runs import make_run
from tests.scoring.conftest import World, world
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

__all__ = ["world"]

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
DAYS = SHIPPED.retention.tables.model_dump()

#: For each setting: what writes a row that ended at %(at)s, one that did not end, and how many there are.
ROWS = {
    "calls": (
        "insert into delivery.batches (target, lane, idempotency_key, deltas, rows, created_at, state,"
        " settled_at) values ('ma', 0, %(at)s::text, 1, '[]', %(at)s, 'done', %(at)s)",
        "insert into delivery.batches (target, lane, idempotency_key, deltas, rows, created_at, state)"
        " values ('ma', 0, %(at)s::text || ' waits', 1, '[]', %(at)s, 'ready')",
        "select count(*) from delivery.batches",
    ),
    "quarantine": (
        "insert into cdp.quarantine (received_at, reason, detail, body, proof, state, settled_at)"
        " values (%(at)s, 'invalid', '', %(at)s::text, 'claim', 'dropped', %(at)s),"
        " (%(at)s, 'known_bot', '', %(at)s::text || ' bot', 'claim', 'waiting', null),"
        " (%(at)s, 'spam_links', '', %(at)s::text || ' spam', 'claim', 'waiting', null)",
        "insert into cdp.quarantine (received_at, reason, detail, body, proof, state, settled_at)"
        " values (%(at)s, 'invalid', '', %(at)s::text || ' waits', 'claim', 'waiting', null)",
        "select count(*) from cdp.quarantine",
    ),
    "quarantined_forms": (
        "with trace as (insert into intake.form_traces (submission_id, seen_at, person)"
        " values (%(at)s::text, %(at)s, 'p'))"
        " insert into intake.quarantined_forms"
        " (submission_id, received_at, signed_at, secret, reason, detail, body, state, settled_at)"
        " values (%(at)s::text, %(at)s, %(at)s, 0, 'x', '', convert_to(%(at)s::text, 'utf8'), 'admitted',"
        " %(at)s), (%(at)s::text, %(at)s, %(at)s, 0, 'spam_links', '', convert_to(%(at)s::text || ' spam',"
        " 'utf8'), 'waiting', null)",
        "insert into intake.quarantined_forms (submission_id, received_at, signed_at, secret, reason, detail,"
        " body) values (%(at)s::text, %(at)s, %(at)s, 0, 'x', '',"
        " convert_to(%(at)s::text || ' waits', 'utf8'))",
        "select (select count(*) from intake.quarantined_forms) + (select count(*) from intake.form_traces)",
    ),
    "form_refusals": (
        "insert into intake.form_refusals values (%(at)s, 'bad_signature', 3)",
        None,
        "select count(*) from intake.form_refusals",
    ),
    "refused_calls": (
        "insert into cdp.refused_calls values (%(at)s, 'collect_forbidden', 3)",
        None,
        "select count(*) from cdp.refused_calls",
    ),
    "crm_refused": (
        "insert into crm.refused values ('activities', %(at)s::text, '{}', 'no id', %(at)s)",
        None,
        "select count(*) from crm.refused",
    ),
    "canary": (
        "with visitor as (insert into canary.visitors (email, began_at, ended_at, removed_at)"
        " values ('c@x.example', %(at)s, %(at)s, %(at)s) returning visitor_id)"
        " insert into canary.visits"
        " (visitor_id, event_id, form_id, form_key, warehouses, started_at, ended_at)"
        " select visitor_id, %(at)s::text, 'f', 'k', '{}', %(at)s, %(at)s from visitor",
        # One whose visitor is still there.
        "with visitor as (insert into canary.visitors (email, began_at)"
        " values ('c@x.example', %(at)s) returning visitor_id)"
        " insert into canary.visits"
        " (visitor_id, event_id, form_id, form_key, warehouses, started_at, ended_at)"
        " select visitor_id, 'stays', 'f', 'k', '{}', %(at)s, %(at)s from visitor",
        "select count(*) from canary.visits",
    ),
    "freed_acts": (
        "with event as (insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " values (%(at)s::text, 'mail_click', %(at)s, %(at)s, '{}', 'write_key') returning seq)"
        " insert into machines.verdicts"
        " (event_seq, lead_id, signal, reason, classified_at, freed_because, freed_at)"
        " select seq, 1, 'agent', 'x', %(at)s, 'y', %(at)s from event",
        # One that stands on an event that stands.
        "with event as (insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " values ('stands', 'mail_click', %(at)s, %(at)s, '{}', 'write_key') returning seq)"
        " insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
        " select seq, 1, 'agent', 'x', %(at)s from event",
        "select count(*) from machines.verdicts",
    ),
    "notices": (
        "insert into routing.notices (assignment_id, state, created_at, settled_at)"
        " select coalesce(max(assignment_id), 0) + 1, 'sent', %(at)s, %(at)s from routing.notices",
        "insert into routing.notices (assignment_id, created_at)"
        " select coalesce(max(assignment_id), 0) + 1, %(at)s from routing.notices",
        "select count(*) from routing.notices",
    ),
    "changes": (
        "insert into changes.changes (kind, hash, subject, content, base, status, asked_at, ended_at)"
        " values ('settings', rpad(md5(%(at)s::text), 64, '0'), '', '{}', '{}', 'passed', %(at)s, %(at)s)",
        "insert into changes.changes (kind, hash, subject, content, base, status, asked_at)"
        " values ('settings', rpad(md5(%(at)s::text), 64, '1'), '', '{}', '{}', 'waits', %(at)s)",
        "select count(*) from changes.changes",
    ),
    "task_results": (
        "insert into incidents.task_results (dag_id, run_id, task_id, try_number, run_type, run_started_at,"
        " finished_at, counts)"
        " values ('score_leads', %(at)s::text, 'score', 1, 'scheduled', %(at)s, %(at)s, '{}')",
        None,
        "select count(*) from incidents.task_results",
    ),
    "incidents": (
        "with message as (insert into alerts.messages (purpose, created_at, state)"
        " values ('incident', %(at)s, 'final') returning message_id), reply as ("
        "insert into alerts.messages (purpose, parent_id, created_at, state)"
        " select 'resolution', message_id, %(at)s, 'final' from message)"
        " insert into incidents.incidents"
        " (kind, subject, state, opened_at, seen_at, resolved_at, facts, message_id)"
        " select 'cdp_lag', 'cdp', 'resolved', %(at)s, %(at)s, %(at)s, '{}', message_id from message",
        "with message as (insert into alerts.messages (purpose, created_at) values ('incident', %(at)s)"
        " returning message_id) insert into incidents.incidents"
        " (kind, subject, state, opened_at, seen_at, facts, message_id)"
        " select 'cdp_lag', %(at)s::text, 'open', %(at)s, %(at)s, '{}', message_id from message",
        "select (select count(*) from incidents.incidents) + (select count(*) from alerts.messages)",
    ),
}


def purge(
    connection: Connection, *, now: datetime = NOW, days: dict[str, int | None] = DAYS
) -> dict[str, int]:
    connection.commit()
    return old_rows.purge(connection, OLD_ROWS, days, now=now)


def test_each_setting_has_old_rows_and_the_reverse() -> None:
    assert {rows.setting for rows in OLD_ROWS} == set(TableRetention.model_fields)
    assert set(ROWS) == set(TableRetention.model_fields) - {"anonymous_events"}


@pytest.mark.parametrize("setting", sorted(ROWS))
def test_what_ended_goes_after_its_days_and_what_waits_stays(connection: Connection, setting: str) -> None:
    ended, waits, count = ROWS[setting]
    end = NOW - timedelta(days=DAYS[setting])
    old, young = {"at": end - timedelta(seconds=1)}, {"at": end}
    connection.execute(ended, old)
    per_end = connection.execute(count).fetchone()[0]
    connection.execute(ended, young)
    if waits:
        connection.execute(waits, old)
    before = connection.execute(count).fetchone()[0]
    assert purge(connection) == dict.fromkeys(DAYS, 0) | {setting: per_end}
    assert connection.execute(count).fetchone()[0] == before - per_end
    assert purge(connection) == dict.fromkeys(DAYS, 0)
    assert purge(connection, now=NOW + timedelta(days=9999), days=DAYS | {setting: None})[setting] == 0


def test_a_settled_effect_keeps_its_row_and_key(connection: Connection) -> None:
    connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state, body, settled_at, answer)"
        " values ('crm', 'create_lead', 1, '{\"email\": \"a@x.example\"}', 'k', %(at)s,"
        " 'done', '{}', %(at)s, '{}')",
        {"at": NOW - timedelta(days=8)},
    )
    assert purge(connection)["calls"] == 1
    rows = connection.execute("select idempotency_key, payload, body, answer from delivery.outbox").fetchall()
    assert rows == [("k", {}, None, None)]


def test_many_rows_go_in_small_transactions_until_the_time_is_over(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_rows, "MAX_ROWS", 10)
    connection.execute(
        "insert into crm.refused select 'activities', n::text, '{}', 'no id', %s"
        " from generate_series(1, 25) as n",
        [NOW - timedelta(days=365)],
    )
    connection.commit()
    answers = iter([False, False, True])
    left = [rows for rows in OLD_ROWS if rows.setting == "crm_refused"]
    first = old_rows.purge(connection, left, DAYS, now=NOW, is_over=lambda: next(answers))
    assert first == {"crm_refused": 20}
    assert old_rows.purge(connection, left, DAYS, now=NOW) == {"crm_refused": 5}


def test_visitors_who_never_said_who_they_are_go_after_their_days(world: World) -> None:
    long_ago, lately = NOW - timedelta(days=400, seconds=1), NOW - timedelta(days=399)
    rules = SHIPPED.scoring
    world.accept(
        [
            Happening("a1", "request_document", long_ago, anonymous_id="nobody"),
            Happening("b1", "request_document", long_ago, anonymous_id="ann"),
            Happening("b2", "identify", long_ago, anonymous_id="ann", email="ann@x.example"),
            Happening("c1", "request_document", long_ago, email="claimed@x.example", proof="claim"),
        ],
        received_at=long_ago,
    )
    world.accept([Happening("a2", "request_document", lately, anonymous_id="nobody")], received_at=lately)
    world.resolve()
    world.score(rules, now=NOW)
    scores = world.rows("select * from scoring.scores order by lead_id")
    assert purge(world.connection)["anonymous_events"] == 1
    assert [row[0] for row in world.rows("select event_id from cdp.events order by 1")] == [
        "a2",
        "b1",
        "b2",
        "c1",
    ]
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}
    world.connection.commit()
    # The visitor says who it is: what is left is scored, and nothing breaks.
    world.run(
        rules, [Happening("a3", "identify", NOW, anonymous_id="nobody", email="bob@x.example")], now=NOW
    )
    assert world.owners()["a2"] == "bob@x.example"
    assert world.rows("select * from scoring.scores order by lead_id")[: len(scores)] == scores
    assert world.totals_differ() == []
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}


def test_the_task_deletes_by_the_settings(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    connection.execute(ROWS["crm_refused"][0], {"at": NOW - timedelta(days=181)})
    connection.commit()
    assert housekeeping.purge(make_run("purge", clock=lambda: NOW)) == dict.fromkeys(DAYS, 0) | {
        "crm_refused": 1
    }


def test_without_airflows_database_the_task_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(housekeeping.AIRFLOW_DATABASE, raising=False)
    assert housekeeping.clean_airflow(make_run("clean_airflow")) == {}
    assert "LEADOPS_AIRFLOW_DATABASE_URL is not set" in caplog.text
