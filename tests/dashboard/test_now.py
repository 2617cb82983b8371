"""The page Now: every number of a minute that can be checked by hand, and what costs nothing twice."""

from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.dashboard.answer_cache import AnswerCache
from leadops.dashboard.now_hops import find_status
from leadops.dashboard.reader import Reader
from leadops.db import Connection
from leadops.identity.resolve import resolve_events
from leadops.scoring.score import score_leads
from tests.shipped import SHIPPED

from .conftest import NOW, OP, VIEWER, Open
from .now_world import MINUTE, add_visits, fill_now


@pytest.fixture
def answer(dashboard: Open, connection: Connection) -> Any:
    """What the page says to somebody who sees people."""
    fill_now(connection, NOW)
    return dashboard(OP).read("api/now")


def test_the_lag_of_each_hop_is_the_age_of_what_waits_longest(answer: Any) -> None:
    assert answer["as_of"] == "2026-11-30T03:00:00Z"
    assert answer["hops"] == [
        {"name": "event_score", "status": "good", "age": 40.0, "usual": 6.0, "waiting": 2, "limit": 300.0},
        {"name": "score_ma", "status": "bad", "age": 360.0, "usual": 20.0, "waiting": 3, "limit": 300.0},
        {"name": "form_crm", "status": "warn", "age": 90.0, "usual": 2.0, "waiting": 1, "limit": 120.0},
        {"name": "crm_feed", "status": "good", "age": 180.0, "usual": None, "waiting": None, "limit": 900.0},
    ]


def test_a_scoring_that_stands_is_seen_by_the_age_of_what_waits_for_it(
    dashboard: Open, connection: Connection
) -> None:
    """Events are resolved each minute and leave their inbox; scoring does not take them."""
    for number, minutes in ((1, 7), (2, 3)):
        row = connection.execute(
            "insert into cdp.events (event_id, event, ts, received_at, email, payload, proof)"
            " values (%s, 'page_view', %s, %s, 'a@x.example', '{}', 'write_key') returning seq",
            [str(number), NOW - minutes * MINUTE, NOW - minutes * MINUTE],
        ).fetchone()
        assert row
        connection.execute("insert into identity.inbox (event_seq) values (%s)", [row[0]])
        assert resolve_events(connection, now=NOW, settings=SHIPPED.identity).remaining is False
    # A rule that changed is no event: nothing is known of when it came.
    connection.execute("insert into scoring.inbox (lead_id, lane) select lead_id, 0 from identity.leads")
    connection.commit()
    hop = dashboard(OP).read("api/now")["hops"][0]
    assert (hop["name"], hop["age"], hop["waiting"], hop["status"]) == ("event_score", 420.0, 3, "bad")
    score_leads(connection, rules=SHIPPED.scoring, zone=SHIPPED.company.zone, now=NOW)
    connection.commit()
    hop = dashboard(OP).read("api/now")["hops"][0]
    assert (hop["age"], hop["waiting"], hop["status"]) == (None, 0, "good")


def test_each_system_has_what_waits_its_calls_and_its_refusals(answer: Any) -> None:
    crm, ma = answer["targets"]
    assert crm == {
        "target": "crm",
        "status": "warn",
        "deltas": 0,
        "effects": 1,
        "oldest_at": "2026-11-30T02:58:30Z",
        "hour_calls": 7,
        "day_calls": 7,
        "refused": 2,
        "reason": "the field industry takes no such value",
        "dead_letters": 2,
        "paused_until": None,
        "pause_reason": "",
    }
    assert ma | {"oldest_at": None} == {
        "target": "ma",
        "status": "bad",
        "deltas": 3,
        "effects": 0,
        "oldest_at": None,
        "hour_calls": 42,
        "day_calls": 142,
        "refused": 0,
        "reason": "",
        "dead_letters": 0,
        "paused_until": "2026-11-30T03:02:00Z",
        "pause_reason": "503 Service Unavailable",
    }
    assert answer["arrivals"] == {"accepted": 5, "refused_calls": 9, "quarantined": 0}


def test_each_of_the_last_sixty_minutes_has_its_pushes(answer: Any) -> None:
    pushes = {row["starts_at"]: (row["deltas"], row["effects"]) for row in answer["pushes"]}
    assert list(pushes) == sorted(pushes)
    assert len(pushes) == 60
    assert next(iter(pushes)) == "2026-11-30T02:01:00Z"
    assert list(pushes)[-1] == "2026-11-30T03:00:00Z"
    assert {minute: counts for minute, counts in pushes.items() if any(counts)} == {
        "2026-11-30T02:40:00Z": (0, 1),
        "2026-11-30T02:53:00Z": (7, 0),
    }


def test_open_incidents_are_in_words_with_their_links(answer: Any) -> None:
    backlog, reps = answer["incidents"]
    assert (backlog["kind"], backlog["severity"], backlog["opened_at"]) == (
        "ma_backlog",
        "critical",
        "2026-11-30T01:59:00Z",
    )
    assert backlog["what"] == {"en": "MA is 6 min behind", "ja": "MAへの配信が6分遅延"}
    assert backlog["links"] == {
        "slack": "https://slack.test/archives/C0123456789/p1700000000123456",
        "page": "http://airflow.test/leadops/delivery",
    }
    assert reps["subject"] == "reps"
    assert reps["links"] == {"page": "http://airflow.test/leadops/"}


def test_an_incident_about_a_lead_is_a_look_at_it_and_others_are_none(
    dashboard: Open, connection: Connection
) -> None:
    fill_now(connection, NOW)
    facts = {"lead": 7, "lead_id": 7, "cycle": 1, "clock": "first_contact", "due_at": NOW.isoformat()}
    row = connection.execute(
        "insert into incidents.incidents (kind, subject, opened_at, seen_at, facts)"
        " values ('sla_breach', 'lead 7 first_contact 1', %s, %s, %s) returning incident_id",
        [NOW, NOW, Jsonb(facts)],
    ).fetchone()
    connection.commit()
    assert row
    op, viewer = dashboard(OP), dashboard(VIEWER)
    shown = {incident["kind"]: incident for incident in op.read("api/now")["incidents"]}
    assert shown["sla_breach"]["what"]["en"].startswith("Lead 7 missed its SLA")
    assert {kind: incident["names_people"] for kind, incident in shown.items()} == {
        "ma_backlog": False,
        "reps_without_profile": False,
        "sla_breach": True,
    }
    assert op.other_looks == [("otto", "incident", row[0])]
    viewed = viewer.read("api/now")["incidents"]
    assert [incident["names_people"] for incident in viewed] == [False, False, False]
    assert viewer.other_looks == []


def test_a_dag_is_late_after_three_minutes_and_unknown_before_its_first_success(answer: Any) -> None:
    dags = {dag["dag_id"]: dag for dag in answer["dags"]}
    assert {name: dag["status"] for name, dag in dags.items()} == {
        "score_leads": "good",
        "watch_sla": "warn",
        "deliver_outbox": "unknown",
        "check_alerts": "good",
    }
    assert dags["score_leads"]["tasks"] == {
        "assign": "2026-11-30T02:59:35Z",
        "push": "2026-11-30T02:59:35Z",
    }
    assert dags["deliver_outbox"] == {
        "dag_id": "deliver_outbox",
        "status": "unknown",
        "succeeded_at": None,
        "tasks": {},
        "is_failing": False,
        "url": "http://airflow.test/dags/deliver_outbox",
    }


@pytest.mark.parametrize("reader", [OP, VIEWER])
def test_a_failing_dag_is_bad_to_everybody_however_lately_it_succeeded(
    dashboard: Open, connection: Connection, reader: Reader
) -> None:
    fill_now(connection, NOW)
    connection.execute(
        "insert into incidents.incidents (kind, subject, opened_at, seen_at, facts)"
        " values ('dag_failed', 'score_leads', now(), now(), '{}')"
    )
    connection.commit()
    dags = {dag["dag_id"]: dag for dag in dashboard(reader).read("api/now")["dags"]}
    assert (dags["score_leads"]["status"], dags["score_leads"]["is_failing"]) == ("bad", True)
    assert not dags["watch_sla"]["is_failing"]


def test_a_viewer_gets_the_kind_of_an_incident_and_no_facts(dashboard: Open, connection: Connection) -> None:
    fill_now(connection, NOW)
    incidents = dashboard(VIEWER).read("api/now")["incidents"]
    assert [incident["subject"] for incident in incidents] == ["", ""]
    assert "6 min" not in str(incidents)
    assert "rep-7" not in str(incidents)
    assert incidents[1]["label"]["en"]


def test_the_canary_says_of_each_hop_what_the_last_visit_took_or_waits(
    dashboard: Open, connection: Connection
) -> None:
    add_visits(connection, NOW)
    connection.execute(
        "insert into live.lanes"
        " (name, started_at, seen_at, worked_at, is_on, rounds, events, leads, lag_seconds)"
        " select name, %(now)s, %(now)s, %(now)s - ago * interval '1 second', true, 1, 1, 1, lag"
        " from (values ('a', 5, 0.5), ('b', 5, 2.5), ('c', 90, 1.0)) as lanes (name, ago, lag)",
        {"now": NOW},
    )
    connection.commit()
    answer = dashboard(OP).read("api/now")
    keys = ("name", "status", "seconds", "is_waiting", "usual", "last_at", "limit")
    assert [tuple(hop[key] for key in keys) for hop in answer["canary"]] == [
        ("collect", "good", 6.0, False, 4.0, "2026-11-30T02:55:06Z", 120.0),
        ("score", "warn", 240.0, True, 105.0, "2026-11-30T02:53:20Z", 300.0),
        ("push", "bad", 400.0, False, 400.0, "2026-11-30T02:51:40Z", 300.0),
    ]
    lanes = answer["live"]
    assert (lanes["working"], lanes["lag_seconds"]) == (2, 2.5)


def test_an_empty_database_is_a_calm_page(dashboard: Open) -> None:
    answer = dashboard(VIEWER).read("api/now")
    assert [(hop["name"], hop["status"], hop["age"]) for hop in answer["hops"]] == [
        ("event_score", "good", None),
        ("score_ma", "good", None),
        ("form_crm", "good", None),
    ]
    assert (answer["incidents"], answer["targets"], answer["held_since"]) == ([], [], None)
    assert (answer["canary"], answer["live"]) == ([], None)


def test_a_hold_is_said(dashboard: Open, connection: Connection) -> None:
    connection.execute(
        "insert into delivery.holds (reason, held_at) values ('by hand', %s)", [NOW - timedelta(hours=2)]
    )
    connection.commit()
    answer = dashboard(VIEWER).read("api/now")
    assert (answer["held_since"], answer["held_reason"]) == ("2026-11-30T01:00:00Z", "by hand")


def test_what_other_systems_say_is_masked(dashboard: Open, connection: Connection) -> None:
    connection.execute(
        "insert into delivery.targets (target, tokens, refilled_at, paused_until, pause_reason)"
        " values ('ma', 0, %s, %s, 'no such lead: taro@example.com')",
        [NOW, NOW + MINUTE],
    )
    connection.commit()
    (target,) = dashboard(OP).read("api/now")["targets"]
    assert target["pause_reason"] == "no such lead: [e-mail]"


def test_many_browsers_read_the_database_once(dashboard: Open, connection: Connection) -> None:
    pages = dashboard(OP)
    before = pages.read("api/now")
    fill_now(connection, NOW)
    assert pages.read("api/now") == before
    other = dashboard(OP)
    assert other.read("api/now") != before


@pytest.mark.parametrize(
    ("age", "status"),
    [(None, "good"), (0, "good"), (150, "good"), (150.1, "warn"), (300, "warn"), (300.1, "bad")],
)
def test_half_the_limit_is_worth_a_look_and_more_than_it_is_late(age: float | None, status: str) -> None:
    assert find_status(age, 300) == status


def test_an_answer_is_made_again_after_its_seconds_and_an_error_is_not_kept() -> None:
    seconds = 0.0
    made: list[bytes] = []

    def make() -> bytes:
        made.append(b"x" * len(made))
        if len(made) == 2:
            raise RuntimeError
        return made[-1]

    cache = AnswerCache(5, ticks=lambda: seconds)
    assert [cache.get("a", make), cache.get("a", make)] == [b"", b""]
    seconds = 5.0
    with pytest.raises(RuntimeError):
        cache.get("a", make)
    assert cache.get("a", make) == b"xx"
    assert cache.get("b", make) == b"xxx"
