"""The page of a lead: numbers and story of a person whose every item was written by hand."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from tests.shipped import SHIPPED, change

from .conftest import NOW, OP, VIEWER, Open
from .lead_world import HANAKO, KENJI, OWN, SECOND, fill_lead


@pytest.fixture(autouse=True)
def filled(connection: Connection) -> None:
    fill_lead(connection, NOW)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def kinds(items: list[dict[str, Any]]) -> list[str]:
    return [f"{item['kind']} {name(item)}" for item in items]


def name(item: dict[str, Any]) -> str:
    facts = item["facts"]
    return {
        "event": lambda: facts["event"],
        "points": lambda: f"{facts['rule']} {facts['points']}",
        "identity": lambda: facts["what"],
        "stage": lambda: facts["stage"],
        "assignment": lambda: facts["rep_id"] or facts["queue"],
        "clock": lambda: f"{facts['clock']} {facts['state']}",
        "activity": lambda: facts["kind"],
        "call": lambda: f"{facts['target']} {facts['operation']} {facts['state']}",
        "consent": lambda: facts["word"],
        "created": lambda: facts["lead_id"],
    }[item["kind"]]()


STORY = [
    "call ma set_fields dead",
    "stage sal",
    "activity status",
    "activity call",
    "call crm set_owner done",
    "assignment rep-a",
    "call crm create_lead done",
    "clock sal running",
    "clock first_contact met",
    "assignment apac",
    "stage mql",
    "points decay -3",
    "identity joined",
    "event view_pricing",
    f"created {SECOND}",
    "event mail_open",
    "event page_view",
    "call ma upsert_lead done",
    "points title_decides 20",
    "points industry_target 20",
    "event submit_form",
    f"created {HANAKO}",
]


def test_the_story_is_told_from_its_end(dashboard: Open) -> None:
    answer = dashboard(OP).read(f"api/leads/{HANAKO}")
    assert kinds(answer["timeline"]["items"]) == STORY
    assert answer["timeline"]["next"] is None
    times = [item["at"] for item in answer["timeline"]["items"]]
    assert times == sorted(times, reverse=True)


def test_pages_of_any_size_are_the_same_story(dashboard: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, 2, 3, 7, 22, 23):
        monkeypatch.setattr(
            "leadops.dashboard.lead_timeline.read_timeline.__kwdefaults__", {"max_items": size}
        )
        pages = dashboard(OP)
        page = pages.read(f"api/leads/{HANAKO}/timeline")
        told = kinds(page["items"])
        while page["next"]:
            page = pages.read(f"api/leads/{HANAKO}/timeline", after=page["next"])
            assert len(page["items"]) <= size
            told += kinds(page["items"])
        assert told == STORY, size


def test_of_too_many_acts_the_last_to_arrive_are_told_and_the_page_says_so(
    dashboard: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = dashboard(OP)
    events = [kind for kind in STORY if kind.startswith("event")]
    monkeypatch.setattr("leadops.dashboard.lead_timeline.MAX_ACTS", len(events))
    assert pages.read(f"api/leads/{HANAKO}/timeline")["acts_bound"] is None
    monkeypatch.setattr("leadops.dashboard.lead_timeline.MAX_ACTS", 2)
    page = pages.read(f"api/leads/{HANAKO}/timeline")
    told = kinds(page["items"])
    assert page["acts_bound"] == 2
    assert [kind for kind in told if kind.startswith("event")] == ["event view_pricing", "event mail_open"]
    assert [kind for kind in told if not kind.startswith("event")] == [
        kind for kind in STORY if not kind.startswith("event")
    ]


def test_each_event_says_what_it_gave_and_what_was_taken_back(dashboard: Open) -> None:
    items = dashboard(OP).read(f"api/leads/{HANAKO}")["timeline"]["items"]
    events = {item["facts"]["event"]: item["facts"] for item in items if item["kind"] == "event"}
    page = events["page_view"]
    assert page["page"] == "https://us.example/pricing", "what may follow the path may name somebody"
    assert [(row["points"], row["rule"]) for row in page["points"]] == [(15, "pricing_page")]
    assert page["properties"] == {"title": "Prices"}
    opened = events["mail_open"]
    assert (opened["signal"], opened["signal_reason"]) == ("network", "203.0.113.7 is listed")
    assert [row["points"] for row in opened["points"]] == [1, -1]
    assert opened["points"][1]["reason"].endswith("a machine's act: network, 203.0.113.7 is listed")
    assert events["view_pricing"]["points"][0]["reason"] == (
        f"view_pricing: lead {SECOND} was merged into this one"
    )
    assert events["submit_form"]["campaign"] == "spring"
    decay = next(item["facts"] for item in items if name(item) == "decay -3")
    assert (decay["times"], decay["since"]) == (2, "2026-11-26T03:00:00Z")


def test_an_assignment_says_who_was_passed_over_and_that_slack_was_told(dashboard: Open) -> None:
    items = dashboard(OP).read(f"api/leads/{HANAKO}")["timeline"]["items"]
    given, queued = [item["facts"] for item in items if item["kind"] == "assignment"]
    assert given["passed_over"] == [
        {"rule": "everybody", "why": "has had 10 leads today, capacity 10", "reps": ["rep-b"]}
    ]
    assert given["names"] == {"rep-a": "Anna Arai", "rep-b": "Ben Baba"}
    assert (given["why"], given["notice"], given["waited_minutes"]) == ("share", "sent", 780.0)
    assert (queued["queue"], queued["notice"]) == ("apac", None)


def test_a_call_says_its_outcome_without_the_person(dashboard: Open) -> None:
    items = dashboard(OP).read(f"api/leads/{HANAKO}")["timeline"]["items"]
    dead = items[0]["facts"]
    assert (dead["state"], dead["attempts"]) == ("dead", 3)
    assert dead["error"] == "the field of [e-mail] takes no such value"


def test_points_that_the_ma_lacks_say_so(dashboard: Open, connection: Connection) -> None:
    connection.execute(
        "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane)"
        " select seq, 'ma', lead_id, 0 from scoring.ledger where rule = 'pricing_page'"
    )
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)"
        " select 'ma', 'delta', seq, lead_id, 'refused', now() from scoring.ledger"
        " where rule = 'industry_target' and lead_id = %s",
        [HANAKO],
    )
    connection.commit()
    items = dashboard(OP).read(f"api/leads/{HANAKO}")["timeline"]["items"]
    found = {name(item): item["facts"] for item in items if item["kind"] in ("event", "points")}
    assert found["page_view"]["points"][0]["undelivered"] == "held"
    assert found["submit_form"]["points"][0]["undelivered"] is None
    assert found["industry_target 20"]["undelivered"] == "dead"
    assert found["title_decides 20"]["undelivered"] is None


def test_the_head_says_who_it_is_and_how_it_stands(dashboard: Open) -> None:
    answer = dashboard(OP).read(f"api/leads/{HANAKO}")
    assert (answer["lead_id"], answer["members"]) == (HANAKO, [HANAKO, SECOND])
    assert (answer["email"], answer["is_masked"]) == ("hanako@acme.example", False)
    assert answer["traits"] == {
        "title": "Director of Sales",
        "company": "株式会社Acme",
        "industry": "software",
        "country": "JP",
    }
    score = answer["score"]
    assert (score["fit"], score["behaviour"], score["total"], score["grade"], score["agrees"]) == (
        *(40, 47, 87),
        *("A2", True),
    )
    assert answer["best"][:2] == [
        {"rule": "industry_target", "points": 20},
        {"rule": "submit_form", "points": 20},
    ]
    assert (answer["stage"]["stage"], answer["place"]["rep_id"], answer["rep_name"]) == (
        *("sal", "rep-a"),
        "Anna Arai",
    )
    assert [(clock["clock"], clock["state"]) for clock in answer["clocks"]] == [("sal", "running")]
    assert answer["ids"] == {"ma": "48211", "crm": "L-1007"}
    assert answer["outlook"]["state"] == "mql"


def test_a_joined_lead_shows_its_person(dashboard: Open) -> None:
    answer = dashboard(OP).read(f"api/leads/{SECOND}")
    assert (answer["lead_id"], answer["asked_lead_id"]) == (HANAKO, SECOND)
    assert kinds(answer["timeline"]["items"]) == STORY


def test_what_is_missing_is_what_the_rules_say(dashboard: Open) -> None:
    answer = dashboard(OP).read(f"api/leads/{KENJI}")
    outlook = answer["outlook"]
    assert (outlook["state"], answer["missing_points"]) == ("one_step", 6)
    assert outlook["missing"] == {"fit": 0, "behaviour": 6, "total": 0}
    first = outlook["ways"][0][0]
    assert (first["rule"], first["points"], first["subject"]) == ("webinar_register", 8, "webinar_register")


def test_of_too_many_acts_no_ways_are_sought(dashboard: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadops.dashboard.lead_page.MAX_ACTS", 0)
    answer = dashboard(OP).read(f"api/leads/{KENJI}")
    outlook = answer["outlook"]
    assert (outlook["state"], answer["missing_points"], outlook["ways"]) == ("many_acts", 6, [])
    assert dashboard(OP).read(f"api/leads/{HANAKO}")["outlook"]["state"] == "mql"


def test_one_of_our_own_counts_for_nothing(dashboard: Open) -> None:
    answer = dashboard(OP).read(f"api/leads/{OWN}")
    assert answer["uncounted"]["entry"] == "domain us.example"
    assert (answer["outlook"]["state"], answer["outlook"]["because"]) == ("blocked", "internal")


def test_who_may_not_see_people_sees_letters_and_no_quotes(dashboard: Open) -> None:
    pages = dashboard(VIEWER)
    answer = pages.get(f"/leadops/api/leads/{HANAKO}")
    for private in ("hanako", "acme", "Acme", "Director", "Anna", "Ben", "Prices", "hanako-1", "203.0"):
        assert private not in answer.text, private
    shown = answer.json()
    assert (shown["email"], shown["is_masked"], shown["rep_name"]) == ("h•••@a•••", True, None)
    assert shown["traits"]["company"] == "株•••"
    assert kinds(shown["timeline"]["items"]) == STORY
    assert pages.looks == []


def test_who_may_not_see_people_does_not_learn_which_entry_or_which_colleague(
    dashboard: Open, connection: Connection
) -> None:
    connection.execute(
        "update identity.uncounted_leads set reason = 'internal', entry = 'address staff@us.example';"
        "update identity.lead_merges set undone_at = now(), undone_by = 'Otto Ono',"
        " undone_because = 'shares a computer'"
    )
    connection.commit()
    viewer, op = dashboard(VIEWER), dashboard(OP)
    assert "staff" not in viewer.get(f"/leadops/api/leads/{OWN}").text
    assert viewer.read(f"api/leads/{OWN}")["uncounted"]["reason"] == "internal"
    assert op.read(f"api/leads/{OWN}")["uncounted"]["entry"] == "address staff@us.example"
    splits = [
        [
            (item["facts"]["by"], item["facts"]["because"])
            for item in items
            if item["facts"].get("what") == "split"
        ]
        for items in (pages.read(f"api/leads/{HANAKO}")["timeline"]["items"] for pages in (viewer, op))
    ]
    assert splits == [[("O•••", "shares a computer")], [("Otto Ono", "shares a computer")]]


def test_each_look_is_recorded(dashboard: Open) -> None:
    pages = dashboard(OP)
    pages.read(f"api/leads/{SECOND}")
    pages.read(f"api/leads/{HANAKO}/timeline")
    assert pages.looks == [("otto", HANAKO), ("otto", HANAKO)]
    pages.refuse("api/leads/999", 404)
    assert len(pages.looks) == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("api/leads/999", 404),
        ("api/leads/0", 422),
        ("api/leads/-1", 422),
        ("api/leads/x", 422),
        ("api/leads/9223372036854775807", 404),
        ("api/leads/9223372036854775808", 422),
        ("api/leads/1%27%20or%201=1", 422),
        ("api/leads/999/timeline", 404),
    ],
)
def test_what_is_not_a_lead_is_refused(dashboard: Open, path: str, status: int) -> None:
    assert dashboard(OP).refuse(path, status)


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "MQ",
        "",
        "%00",
        "1 2 3",
        "OTk5OTk5OTk5OTk5OTk5OTk5OTkgMCAw",
        "é",
        "MSAyIDM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTA",
    ],
)
def test_a_place_that_no_page_gave_is_refused(dashboard: Open, after: str) -> None:
    assert "after" in dashboard(OP).refuse(f"api/leads/{HANAKO}/timeline", 422, after=after)


def test_the_link_into_the_crm_is_that_of_the_settings(dashboard: Open) -> None:
    assert dashboard(OP).read(f"api/leads/{HANAKO}")["crm_link"] is None
    slack = {"crm_link": "https://crm.example/leads/{id}"}
    config = type(SHIPPED)(routing=change(SHIPPED.routing, slack=slack))
    answer = dashboard(OP, config=config).read(f"api/leads/{HANAKO}")
    assert answer["crm_link"] == "https://crm.example/leads/L-1007"


def test_a_lead_with_ten_thousand_events_is_read_page_by_page(
    dashboard: Open, connection: Connection
) -> None:
    connection.execute(
        "with made as (insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " select 'many-' || n, 'page_view', %(now)s - (10001 - n) * interval '1 minute', %(now)s, '{}',"
        " 'write_key'"
        " from generate_series(1, 10000) as n returning seq)"
        " insert into identity.resolved_events select seq, %(lead)s from made",
        {"now": NOW, "lead": KENJI},
    )
    connection.commit()
    pages = dashboard(OP)
    first = pages.read(f"api/leads/{KENJI}")["timeline"]
    assert (len(first["items"]), first["acts_bound"]) == (50, 5_000)
    second = pages.read(f"api/leads/{KENJI}/timeline", after=first["next"])
    assert len(second["items"]) == 50
    assert at(second["items"][0]["at"]) == NOW - timedelta(minutes=51)


def test_what_an_operator_noted_about_mail_is_in_the_story_and_its_words_are_not_for_viewers(
    dashboard: Open, connection: Connection
) -> None:
    connection.execute(
        "insert into consent.statements (lead_id, word, said_at, noted_by, because)"
        " values (%s, 'opt_out', %s, 'ops@own.example', 'Hanako called')",
        [SECOND, NOW],
    )
    connection.commit()
    first = dashboard(OP).read(f"api/leads/{HANAKO}")["timeline"]["items"][0]
    facts = first["facts"]
    assert (first["kind"], facts["word"], facts["lead_id"]) == ("consent", "opt_out", SECOND)
    assert (facts["by"], facts["quote"]) == ("ops@own.example", "Hanako called")
    hidden = dashboard(VIEWER).read(f"api/leads/{HANAKO}")["timeline"]["items"][0]["facts"]
    assert hidden["quote"] is None
    assert "ops@own.example" not in str(hidden)
