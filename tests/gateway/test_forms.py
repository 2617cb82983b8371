"""Every signed form is kept whole; everything else is refused, and nothing of it is kept but a count."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from leadops.db import Connection
from tests.gateway.conftest import FORM_SECRETS, Serve
from tests.gateway.form_sender import FormSender
from tests.waiting import PATIENCE

FORM = {
    "submission_id": "s-1",
    "email": " Ann@Buyers.Example",
    "form": "contact",
    "anonymous_id": "a-1",
    "properties": {"first_name": "Ann", "last_name": "Sato", "company": "Buyers", "employees": 120},
    "context": {"utm": {"campaign": "summer"}, "page": "https://www.example.com/contact"},
}
TABLES = ("intake.raw_leads", "cdp.events", "identity.inbox", "identity.leads", "delivery.outbox")


@pytest.fixture
def sender(serve: Serve) -> FormSender:
    return FormSender(serve(), FORM_SECRETS[1])


def counts(connection: Connection) -> dict[str, int]:
    connection.rollback()
    query = " union all ".join(f"select '{table}', count(*) from {table}" for table in TABLES)
    return dict(connection.execute(query.encode()).fetchall())


def refused(connection: Connection, reason: str, *, seconds: float = PATIENCE) -> int:
    """How often a form was refused for `reason`, as soon as any is counted."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        connection.rollback()
        row = connection.execute(
            "select times from intake.form_refusals where reason = %s", [reason]
        ).fetchone()
        if row:
            return int(row[0])
        time.sleep(0.05)
    return 0


def test_a_form_becomes_an_event_a_lead_and_two_wishes(sender: FormSender, connection: Connection) -> None:
    answer = sender.post(FORM)
    assert answer.status_code == 202
    submission_id = answer.json()["id"]
    assert counts(connection) == {
        "intake.raw_leads": 1,
        "cdp.events": 1,
        "identity.inbox": 1,
        "identity.leads": 1,
        "delivery.outbox": 2,
    }
    assert connection.execute(
        "select submission_id, sender_id, secret, body from intake.raw_leads"
    ).fetchone() == (
        submission_id,
        "s-1",
        2,
        json.dumps(FORM).encode(),
    )
    event = connection.execute(
        "select event_id, event, email, anonymous_id, payload from cdp.events"
    ).fetchone()
    assert event == (
        f"form-{submission_id}",
        "submit_form",
        "ann@buyers.example",
        "a-1",
        {"properties": {"form": "contact"} | FORM["properties"], "context": FORM["context"]},  # type: ignore[operator]
    )
    row = connection.execute("select lead_id, email from identity.leads").fetchone()
    assert row is not None
    assert row[1] == "ann@buyers.example"
    (crm, ma) = connection.execute(
        "select operation, lead_id, idempotency_key, payload from delivery.outbox order by target"
    ).fetchall()
    assert ma == (
        "upsert_lead",
        row[0],
        f"ma-lead-{row[0]}",
        {
            "email": "ann@buyers.example",
            "firstName": "Ann",
            "lastName": "Sato",
            "utm": {"campaign": "summer"},
            "externalId": str(row[0]),
        },
    )
    assert crm[:3] == ("create_lead", row[0], f"crm-lead-{row[0]}-1")
    key = crm[3].pop("idempotency_key")
    assert crm[3] == {"email": "ann@buyers.example", "company": "Buyers", "source": "summer"}
    assert "ann" not in key
    assert len(key) > 32


def test_the_same_form_again_is_the_same_and_no_second_lead(
    sender: FormSender, connection: Connection
) -> None:
    first = sender.post(FORM)
    before = counts(connection)
    assert sender.post(FORM).json() == first.json()
    later = FORM | {"properties": {}}
    assert sender.post(later).json() == first.json(), "its own id says that it is the same"
    without = {name: value for name, value in FORM.items() if name != "submission_id"}
    other = sender.post(without)
    assert other.json() != first.json()
    again = dict(reversed(without.items()))
    assert sender.post(again).json() == other.json(), "the content is its id, whatever its order"
    assert counts(connection) == before | {"intake.raw_leads": 2, "cdp.events": 2, "identity.inbox": 2}


def test_many_at_once_are_one(sender: FormSender, connection: Connection) -> None:
    forms = [FORM | {"submission_id": f"s-{number % 4}"} for number in range(24)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(sender.post, forms))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 4
    assert counts(connection) == {
        "intake.raw_leads": 4,
        "cdp.events": 4,
        "identity.inbox": 4,
        "identity.leads": 1,
        "delivery.outbox": 2,
    }


def test_a_retry_after_days_has_its_answer(sender: FormSender, connection: Connection) -> None:
    form = FORM | {"ts": (datetime.now(UTC) - timedelta(hours=71)).isoformat()}
    first = sender.post(form)
    assert first.status_code == 202
    late = form | {"ts": (datetime.now(UTC) - timedelta(hours=73)).isoformat()}
    assert sender.post(late).json()["id"] == first.json()["id"]
    assert counts(connection)["cdp.events"] == 1


def test_both_secrets_are_valid_and_no_other(sender: FormSender, connection: Connection) -> None:
    for number, secret in enumerate(FORM_SECRETS, start=1):
        answer = FormSender(sender.client, secret).post(FORM | {"submission_id": secret})
        assert answer.status_code == 202
        assert connection.execute(
            "select secret from intake.raw_leads where sender_id = %s", [secret]
        ).fetchone() == (number,)
        connection.rollback()
    assert FormSender(sender.client, "another").post(FORM).status_code == 401


def is_problem(answer: httpx.Response, status: int) -> bool:
    document = answer.json()
    return (
        answer.status_code == document["status"] == status
        and answer.headers["content-type"] == "application/problem+json"
        and bool(document["detail"])
    )


RAW = json.dumps(FORM).encode()
BODIES = [
    (b"", "not_json"),
    (b"\xff\xfe{}", "not_json"),
    (b"\xff\xff{}", "not_utf8"),
    ('{"email": "a@b.example", "name": "佐藤"}'.encode("shift_jis"), "not_utf8"),
    (b"\x1f\x8b\x08\x00", "not_utf8"),
    (b'{"email": "a@b.example"', "not_json"),
    (b"email=a%40b.example&form=contact", "not_json"),
    (b"[" * 60_000, "too_deep"),
    (b"[]", "not_an_object"),
    (b"null", "not_an_object"),
    (b"{}", "missing_field"),
    (b'{"email": 1}', "wrong_type"),
    (b'{"email": "not an address"}', "invalid_email"),
    (b'{"email": "a@b.example", "context": {"user_agent": "Googlebot/2.1"}}', "known_bot"),
]


@pytest.mark.parametrize(("body", "reason"), BODIES)
def test_what_cannot_become_a_lead_is_kept_whole(
    sender: FormSender, connection: Connection, body: bytes, reason: str
) -> None:
    answer = sender.post(body)
    assert answer.status_code == 202
    assert answer.json()["quarantined"]["reason"] == reason
    assert answer.json()["quarantined"]["detail"]
    assert set(counts(connection).values()) == {0}
    assert sender.post(body).json() == answer.json(), "the same body is kept once"
    kept = connection.execute(
        "select submission_id, secret, reason, body, times, state from intake.quarantined_forms"
    ).fetchall()
    assert kept == [(answer.json()["id"], 2, reason, body, 2, "waiting")]
    assert refused(connection, reason, seconds=0) == 0, "it is not counted as refused as well"


def test_a_form_that_is_a_lead_is_not_quarantined_when_it_comes_again_broken(
    sender: FormSender, connection: Connection
) -> None:
    first = sender.post(FORM)
    assert sender.post(FORM | {"email": "nobody"}).json() == first.json()
    assert sender.post(b'{"submission_id": "s-1"}').json() == first.json()
    assert connection.execute("select count(*) from intake.quarantined_forms").fetchone() == (0,)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "x"])
def test_the_content_type_of_a_signed_form_is_beside_the_point(
    sender: FormSender, connection: Connection, content_type: str
) -> None:
    answer = sender.post(FORM, headers={"Content-Type": content_type})
    assert (answer.status_code, set(answer.json())) == (202, {"id", "changed"})
    assert counts(connection)["identity.leads"] == 1


def test_hostile_text_is_only_text(sender: FormSender, connection: Connection) -> None:
    hostile = "'); drop table cdp.events; -- <script>alert(1)</script> {{7*7}} %(now)s \\'"
    form = FORM | {"submission_id": hostile, "properties": {"company": hostile, "__proto__": {"x": 1}}}
    assert sender.post(form).status_code == 202
    payload = connection.execute("select payload from delivery.outbox where target = 'crm'").fetchone()
    assert payload is not None
    assert payload[0]["company"] == hostile


def refusing_headers() -> list[Any]:
    now = time.time()
    return [
        pytest.param({"X-Signature": "0" * 64}, None, 401, "bad_signature", id="forged"),
        pytest.param({"X-Signature": ""}, None, 401, "bad_signature", id="unsigned"),
        pytest.param({"X-Signature": "né"}, None, 401, "bad_signature", id="not even hex"),
        pytest.param({}, now - 400, 401, "stale", id="stale, or replayed"),
        pytest.param({}, now + 86_400, 401, "stale", id="from the future"),
        pytest.param({"X-Timestamp": "soon"}, None, 401, "no_timestamp", id="no time"),
        pytest.param({"X-Timestamp": "9" * 30}, None, 401, "no_timestamp", id="no time of this world"),
        pytest.param({"X-Timestamp": "١٢٣"}, None, 401, "no_timestamp", id="digits of elsewhere"),
        pytest.param(
            {"Content-Type": "text/plain", "X-Signature": "0"}, None, 401, "bad_signature", id="type"
        ),
    ]


@pytest.mark.parametrize(("headers", "at", "status", "reason"), refusing_headers())
def test_what_is_not_signed_now_is_not_even_parsed(
    sender: FormSender,
    connection: Connection,
    headers: dict[str, str],
    at: float | None,
    status: int,
    reason: str,
) -> None:
    encoded: Any = {name: value.encode() for name, value in headers.items()}
    assert is_problem(sender.post(b"{ no json", at=at, headers=encoded), status)
    assert refused(connection, reason) == 1
    assert set(counts(connection).values()) == {0}


def test_a_changed_byte_breaks_the_signature(sender: FormSender) -> None:
    signed: dict[str, Any] = {}
    sender.client.event_hooks = {"request": [lambda request: signed.update(request.headers)]}
    assert sender.post(RAW).status_code == 202
    changed = RAW.replace(b"Sato", b"Saro")
    assert is_problem(sender.client.post("/webhook/form", content=changed, headers=signed), 401)


def test_too_large_is_refused_before_it_is_read(serve: Serve, connection: Connection) -> None:
    sender = FormSender(serve(forms={"max_body_bytes": 1024}), FORM_SECRETS[0])
    assert is_problem(sender.post(FORM | {"properties": {"x": "y" * 2000}}), 413)
    assert refused(connection, "too_large") == 1


def test_rates_hold_for_each_secret_and_for_unauthenticated(serve: Serve) -> None:
    slow = {"events_per_second": 0.01, "burst": 2}
    client = serve(forms={"signers": slow, "unauthenticated": slow})
    first, second = (FormSender(client, secret) for secret in FORM_SECRETS)
    assert [first.post(FORM).status_code for _ in range(3)] == [202, 202, 429]
    assert second.post(FORM).status_code == 202, "the other secret has a rate of its own"
    stranger = FormSender(client, "another")
    assert [stranger.post(FORM).status_code for _ in range(3)] == [401, 401, 429]
    limited = second.post(FORM)
    assert is_problem(limited, 429)
    assert int(limited.headers["Retry-After"]) > 0


def test_without_a_database_the_sender_is_asked_to_come_back(serve: Serve) -> None:
    client = serve(url="postgresql://nobody:x@127.0.0.1:1/none", connection_seconds=0.2, database_seconds=0.2)
    answer = FormSender(client, FORM_SECRETS[0]).post(FORM)
    assert is_problem(answer, 503)
    assert answer.headers["Retry-After"]
