"""The page Delivery: counts by hand, lists page by page, nobody's data for who may not see people."""

from datetime import timedelta
from typing import Any

import pytest

from leadops.dashboard import delivery_page
from leadops.db import Connection
from leadops.mask import hide_private
from tests.test_doc_examples import find_fault

from .conftest import NOW, OP, VIEWER, Open

#: A name that tries everything at once.
HOSTILE = "<img src=x onerror=alert(1)>'; drop table cdp.quarantine; --"


def add_letter(connection: Connection, target: str = "crm", *, state: str = "open", **fields: Any) -> int:
    row = connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, lead_id, points, reason, died_at, state)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s) returning dead_letter_id",
        [
            target,
            fields.get("kind", "effect"),
            fields.get("reference", 7),
            fields.get("lead_id", 3),
            fields.get("points"),
            fields.get("reason", "HTTP 400"),
            NOW - timedelta(hours=fields.get("hours", 1)),
            state,
        ],
    ).fetchone()
    connection.commit()
    assert row is not None
    return int(row[0])


def add_event(connection: Connection, reason: str, *, state: str = "waiting", **fields: Any) -> int:
    row = connection.execute(
        "insert into cdp.quarantine (received_at, reason, detail, body, proof, state, times)"
        " values (%s, %s, %s, coalesce(%s, gen_random_uuid()::text), 'claim', %s, %s)"
        " returning quarantine_id",
        [
            NOW - timedelta(hours=fields.get("hours", 1)),
            reason,
            fields.get("detail", "ts is missing"),
            fields.get("body"),
            state,
            fields.get("times", 1),
        ],
    ).fetchone()
    connection.commit()
    assert row is not None
    return int(row[0])


def add_form(connection: Connection, reason: str, *, body: bytes = b"{}", **fields: Any) -> int:
    row = connection.execute(
        "insert into intake.quarantined_forms (submission_id, received_at, signed_at, secret, reason, detail,"
        " body, tool) values (gen_random_uuid()::text, %s, %s, 1, %s, %s, %s, %s) returning quarantine_id",
        [NOW, NOW, reason, fields.get("detail", "email is missing"), body, fields.get("tool")],
    ).fetchone()
    connection.commit()
    assert row is not None
    return int(row[0])


def test_counts_of_everything(connection: Connection, dashboard: Open) -> None:
    for state, settled in (("ready", None), ("done", 1), ("done", 25)):
        connection.execute(
            "insert into delivery.batches (target, lane, idempotency_key, deltas, rows, created_at, state,"
            " settled_at) values ('ma', 0, gen_random_uuid()::text, 5, '[]', %s, %s, %s)",
            [NOW - timedelta(hours=30), state, settled and NOW - timedelta(hours=settled)],
        )
    add_letter(connection, "ma", kind="delta", points=5, hours=3)
    add_letter(connection, "crm", state="dropped")
    add_event(connection, "invalid_ts", times=4)
    add_event(connection, "invalid_ts", hours=2)
    add_event(connection, "known_bot", state="dropped")
    add_form(connection, "spam_links")
    answer = dashboard(VIEWER).read("api/delivery")
    assert answer["open"] == [
        {
            "target": "ma",
            "operation": "score changes",
            "state": "ready",
            "calls": 1,
            "deltas": 5,
            "oldest_at": "2026-11-28T21:00:00Z",
            "attempts": 0,
        }
    ]
    assert [(row["state"], row["calls"], row["oldest_at"]) for row in answer["settled"]] == [
        ("done", 1, "2026-11-30T02:00:00Z")
    ]
    assert answer["settled_since"] == "2026-11-29T03:00:00Z"
    assert answer["dead_letters"] == [{"target": "ma", "letters": 1, "oldest_at": "2026-11-30T00:00:00Z"}]
    assert [(row["reason"], row["state"], row["items"], row["times"]) for row in answer["events"]] == [
        ("invalid_ts", "waiting", 2, 5),
        ("known_bot", "dropped", 1, 1),
    ]
    assert [(row["reason"], row["items"]) for row in answer["forms"]] == [("spam_links", 1)]


def test_dead_letters_are_filtered_and_paged_oldest_first(
    connection: Connection, dashboard: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_page, "PAGE_ROWS", 2)
    first, second, third = (add_letter(connection, target) for target in ("crm", "ma", "crm"))
    add_letter(connection, state="retried")
    pages = dashboard(VIEWER)
    page = pages.read("api/delivery/dead-letters")
    assert ([row["number"] for row in page["rows"]], page["next"]) == ([first, second], second)
    rest = pages.read("api/delivery/dead-letters", after=page["next"])
    assert ([row["number"] for row in rest["rows"]], rest["next"]) == ([third], None)
    assert [row["number"] for row in pages.read("api/delivery/dead-letters", target="crm")["rows"]] == [
        first,
        third,
    ]
    settled = pages.read("api/delivery/dead-letters", state="retried")["rows"]
    assert [row["commands"] for row in settled] == [[]]
    assert page["rows"][0] | {"number": 0, "commands": []} == {
        "number": 0,
        "target": "crm",
        "kind": "effect",
        "reference": 7,
        "lead_id": 3,
        "points": None,
        "reason": "HTTP 400",
        "since": "2026-11-30T02:00:00Z",
        "commands": [],
    }


@pytest.mark.parametrize("kind", ["events", "forms"])
def test_a_quarantine_is_filtered_and_paged_newest_first(
    connection: Connection, dashboard: Open, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(delivery_page, "PAGE_ROWS", 2)
    add = add_event if kind == "events" else add_form
    numbers = [add(connection, reason) for reason in ("too_old", "not_json", "too_old")]
    pages = dashboard(VIEWER)
    page = pages.read(f"api/delivery/quarantine/{kind}")
    assert ([row["number"] for row in page["rows"]], page["next"]) == (numbers[:0:-1], numbers[1])
    rest = pages.read(f"api/delivery/quarantine/{kind}", before=page["next"])
    assert ([row["number"] for row in rest["rows"]], rest["next"]) == (numbers[:1], None)
    of_reason = pages.read(f"api/delivery/quarantine/{kind}", reason="too_old")["rows"]
    assert [row["number"] for row in of_reason] == [numbers[2], numbers[0]]
    assert pages.read(f"api/delivery/quarantine/{kind}", state="admitted")["rows"] == []


def test_only_the_last_hours(connection: Connection, dashboard: Open) -> None:
    add_event(connection, "too_old", hours=3)
    young = add_event(connection, "too_old", hours=1.5)
    rows = dashboard(VIEWER).read("api/delivery/quarantine/events", hours=2)["rows"]
    assert [row["number"] for row in rows] == [young]


def test_who_may_not_see_people_sees_nothing_of_what_was_sent(
    connection: Connection, dashboard: Open
) -> None:
    body = '{"email": "ann@buyers.example", "properties": {"name": "Ann Smith", "company": "Buyers Ltd"}}'
    detail = "Ann Smith of Buyers Ltd (ann@buyers.example, 090-1234-5678) is no email"
    add_event(connection, "invalid_email", body=body, detail=detail)
    add_form(connection, "invalid_email", body=body.encode(), detail=detail)
    add_form(connection, "not_json", body=b"name=Ann+Smith&mail=\xff", detail="Ann Smith is not JSON")
    for kind in ("events", "forms"):
        for row in dashboard(VIEWER).read(f"api/delivery/quarantine/{kind}")["rows"]:
            for personal in ("Ann", "Smith", "Buyers", "ann@", "1234"):
                assert personal not in str(row)
        row = dashboard(OP).read(f"api/delivery/quarantine/{kind}")["rows"][-1]
        # Addresses and numbers are for the terminal, as `quarantine list` has it.
        assert (
            row["detail"] == hide_private(detail) == "Ann Smith of Buyers Ltd ([e-mail], [phone]) is no email"
        )


def test_a_refusal_that_quotes_what_somebody_sent_is_a_look(connection: Connection, dashboard: Open) -> None:
    body = '{"properties": {"name": "Ann Smith"}}'
    quoting = add_event(connection, "invalid_name", body=body, detail="Ann Smith is too long")
    add_event(connection, "invalid_ts", body=body + " ", detail="ts is missing")
    form = add_form(connection, "invalid_name", body=body.encode(), detail="Ann Smith is too long")
    op, viewer = dashboard(OP), dashboard(VIEWER)
    for pages in (op, viewer):
        pages.read("api/delivery/quarantine/events")
        pages.read("api/delivery/quarantine/forms")
    assert op.other_looks == [("otto", "refused_event", quoting), ("otto", "refused_form", form)]
    assert viewer.other_looks == []


def test_hostile_text_stays_text(connection: Connection, dashboard: Open) -> None:
    add_letter(connection, reason=HOSTILE)
    add_event(connection, "unusable_text", detail=HOSTILE)
    pages = dashboard(OP)
    answer = pages.get("/leadops/api/delivery/dead-letters")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["rows"][0]["reason"] == HOSTILE
    assert pages.read("api/delivery/dead-letters", target="crm'; --")["rows"] == []
    assert pages.read("api/delivery/quarantine/events", reason=HOSTILE)["rows"] == []


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("dead-letters", {"state": "sending"}),
        ("dead-letters", {"after": -1}),
        ("dead-letters", {"after": 2**63}),
        ("dead-letters", {"target": "x" * 41}),
        ("dead-letters", {"target": "\0"}),
        ("quarantine/people", {}),
        ("quarantine/events", {"state": "open"}),
        ("quarantine/events", {"hours": 0}),
        ("quarantine/events", {"hours": "nan"}),
        ("quarantine/events", {"hours": 10**9}),
        ("quarantine/forms", {"before": 0}),
        ("quarantine/forms", {"reason": "\0"}),
    ],
)
def test_what_cannot_be_is_refused(dashboard: Open, path: str, asked: dict[str, Any]) -> None:
    assert dashboard(VIEWER).refuse(f"api/delivery/{path}", 422, **asked)


def test_every_command_can_be_typed(connection: Connection, dashboard: Open) -> None:
    add_letter(connection)
    reasons = ("too_old", "invalid_email", "spam_links", "known_bot")
    for reason in reasons:
        add_event(connection, reason)
        add_form(connection, reason)
    pages = dashboard(VIEWER)
    letters = pages.read("api/delivery/dead-letters")["rows"]
    events = {row["reason"]: row for row in pages.read("api/delivery/quarantine/events")["rows"]}
    forms = {row["reason"]: row for row in pages.read("api/delivery/quarantine/forms")["rows"]}
    number = letters[0]["number"]
    assert letters[0]["commands"] == [
        f"leadops dead-letters retry {number}",
        f"leadops dead-letters drop {number}",
    ]
    number = events["too_old"]["number"]
    assert events["too_old"]["commands"] == [
        f"leadops quarantine retry {number} --history",
        f"leadops quarantine drop {number}",
    ]
    number = events["invalid_email"]["number"]
    assert events["invalid_email"]["commands"] == [
        f"leadops quarantine repair {number} --set FIELD=VALUE",
        f"leadops quarantine retry {number}",
        f"leadops quarantine drop {number}",
    ]
    number = forms["spam_links"]["number"]
    assert forms["spam_links"]["commands"] == [
        f"leadops forms quarantine show {number}",
        f"leadops forms quarantine release {number}",
        f"leadops forms quarantine drop {number}",
    ]
    for row in (*letters, *events.values(), *forms.values()):
        for command in row["commands"]:
            assert command.startswith("leadops ")
            assert find_fault(command.removeprefix("leadops ")) is None, command
