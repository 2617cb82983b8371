"""Forms of each tool over HTTP, signed as the tool signs: the lead, and each way to be refused."""

import base64
import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from leadops.db import Connection
from leadops.intake.admit_forms import repair_quarantined_form, retry_quarantined_forms
from leadops.intake.tool_secrets import ToolSecrets
from tests.gateway.conftest import FORM_SECRETS, Serve
from tests.gateway.form_sender import FormSender
from tests.gateway.test_forms import refused
from tests.intake.tool_bodies import FACEBOOK, FACEBOOK_DETAILS, GOOGLE, HUBSPOT, TYPEFORM, WEBFLOW
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
MILLISECONDS = str(int(NOW.timestamp() * 1000))
SECRET = "form-tool-secret-0123456789"
KEY = GOOGLE["google_key"]
VERIFY = "verify-token-0123456789"
URL = "https://events.example.com/webhook/form/hubspot"
OWN = {
    "token": {"header": "Authorization", "prefix": "Bearer "},
    "answers": {"at": ["."]},
    "fields": {"email": ["email"]},
    "body": {"submission_id": ["id"]},
}
EVENTS = SHIPPED.events.link(
    change(
        SHIPPED.forms,
        tools={
            **{name: tool.model_dump() for name, tool in SHIPPED.forms.tools.items()},
            "hubspot": SHIPPED.forms.tools["hubspot"].model_dump() | {"url": URL},
            "own_forms": OWN,
        },
    )
)
SECRETS = ToolSecrets(
    {
        "hubspot": (SECRET,),
        "typeform": ("a-former-secret-0123456789", SECRET),
        "webflow": (SECRET,),
        "facebook": (SECRET,),
        "google": (KEY,),
        "own_forms": (SECRET,),
    },
    {"facebook": ("a-former-verify-token-0123", VERIFY)},
)
BODIES = {
    "hubspot": HUBSPOT,
    "typeform": TYPEFORM,
    "webflow": WEBFLOW,
    "facebook": FACEBOOK_DETAILS,
    "google": GOOGLE,
}


@pytest.fixture
def client(serve: Serve) -> httpx.Client:
    return serve(clock=lambda: NOW, events=EVENTS, tools=SECRETS)


def hash_text(text: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), text, hashlib.sha256).digest()


def sign_body(name: str, body: bytes, secret: str, at: str) -> dict[str, str]:
    """Return the headers of the tool, by the steps on its own page."""
    match name:
        case "hubspot":
            digest = hash_text(b"POST" + URL.encode() + body + at.encode(), secret)
            return {
                "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
                "X-HubSpot-Request-Timestamp": at,
            }
        case "typeform":
            return {"Typeform-Signature": "sha256=" + base64.b64encode(hash_text(body, secret)).decode()}
        case "webflow":
            digest = hash_text(at.encode() + b":" + body, secret)
            return {"x-webflow-signature": digest.hex(), "x-webflow-timestamp": at}
        case "facebook":
            return {"X-Hub-Signature-256": "sha256=" + hash_text(body, secret).hex()}
        case "own_forms":
            return {"Authorization": f"Bearer {secret}"}
    return {}


def post(
    client: httpx.Client,
    name: str,
    body: Any,
    *,
    secret: str = SECRET,
    at: str = MILLISECONDS,
    sent: bytes | None = None,
) -> httpx.Response:
    signed = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = sign_body(name, signed, secret, at)
    return client.post(f"/webhook/form/{name}", content=sent or signed, headers=headers)


def count(connection: Connection, table: str) -> int:
    connection.rollback()
    row = connection.execute(f"select count(*) from {table}".encode()).fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize("name", sorted(BODIES))
def test_a_form_of_each_tool_is_a_lead_once(client: httpx.Client, connection: Connection, name: str) -> None:
    first, again = post(client, name, BODIES[name]), post(client, name, BODIES[name])
    assert first.status_code == 200, first.text
    (form,) = first.json()["forms"]
    assert "quarantined" not in form
    assert again.json()["forms"][0]["id"] == form["id"]
    rows = connection.execute(
        "select submission_id, tool, sender_id is not null from intake.raw_leads"
    ).fetchall()
    assert rows == [(form["id"], name, name != "hubspot")], "a contact of HubSpot has no id of the form"
    event = connection.execute("select email, event, proof, ts from cdp.events").fetchone()
    email = "zaphod@heartofgold.example" if name == "webflow" else "ann@buyers.example"
    at = NOW if name == "google" else NOW - timedelta(minutes=10)
    assert event == (email, "submit_form", "form", at)
    assert connection.execute("select target, operation from delivery.outbox order by 1").fetchall() == [
        ("crm", "create_lead"),
        ("ma", "upsert_lead"),
    ]


def test_the_body_is_kept_as_it_came_without_a_secret_in_it(
    client: httpx.Client, connection: Connection
) -> None:
    raw = json.dumps(TYPEFORM, indent=3).encode()
    assert post(client, "typeform", raw).status_code == 200
    post(client, "google", GOOGLE)
    bodies = dict(connection.execute("select tool, body from intake.raw_leads").fetchall())
    assert bytes(bodies["typeform"]) == raw
    kept = json.loads(bytes(bodies["google"]))
    assert kept == {name: value for name, value in GOOGLE.items() if name != "google_key"}
    row = connection.execute("select secret from intake.raw_leads where tool = 'typeform'").fetchone()
    assert row == (2,), "the second of its secrets"


@pytest.mark.parametrize("name", sorted({*BODIES, "own_forms"} - {"google"}))
def test_a_wrong_secret_is_refused_and_counted(
    client: httpx.Client, connection: Connection, name: str
) -> None:
    response = post(client, name, {"email": "a@b.example"}, secret="another-secret-0123456789")
    assert response.status_code == 401
    assert refused(connection, "bad_signature") == 1
    assert count(connection, "intake.raw_leads") == count(connection, "intake.quarantined_forms") == 0


def test_a_wrong_key_of_google_is_refused(client: httpx.Client) -> None:
    for key in ("", "wrong", None, 5, KEY + "x"):
        assert post(client, "google", GOOGLE | {"google_key": key}).status_code == 401


@pytest.mark.parametrize("name", ["hubspot", "typeform", "webflow", "facebook"])
def test_an_altered_body_is_refused(client: httpx.Client, name: str) -> None:
    altered = json.dumps(BODIES[name]).replace("buyers.example", "evil.example").encode() + b" "
    assert post(client, name, BODIES[name], sent=altered).status_code == 401


@pytest.mark.parametrize("name", ["hubspot", "webflow"])
def test_an_old_call_is_refused(client: httpx.Client, connection: Connection, name: str) -> None:
    old = str(int((NOW - timedelta(minutes=6)).timestamp() * 1000))
    assert post(client, name, BODIES[name], at=old).status_code == 401
    assert refused(connection, "stale") == 1


@pytest.mark.parametrize("name", sorted(set(BODIES) - {"facebook"}))
def test_a_form_without_an_address_waits_and_a_mended_mapping_admits_it(
    client: httpx.Client, connection: Connection, name: str
) -> None:
    text = json.dumps(BODIES[name])
    for known, unknown in (('"email"', '"mail"'), ("WORK_EMAIL", "OTHER_MAIL")):
        text = text.replace(known, unknown)
    (form,) = post(client, name, text.encode()).json()["forms"]
    assert form["quarantined"]["reason"] == "missing_field"
    tools = {key: tool.model_dump() for key, tool in EVENTS.forms.tools.items()}
    tools[name]["fields"] |= {"email": ("mail", "OTHER_MAIL", "r-1")}
    if name == "typeform":
        tools[name]["answers"] |= {"values": ("mail", "text")}
    mended = EVENTS.link(change(EVENTS.forms, tools=tools))
    given = {"now": NOW, "identity": SHIPPED.identity}
    assert retry_quarantined_forms(connection, events=EVENTS, **given).refused == 1  # type: ignore[arg-type]
    assert retry_quarantined_forms(connection, events=mended, **given).admitted == 1  # type: ignore[arg-type]
    connection.commit()
    assert connection.execute("select submission_id, tool from intake.raw_leads").fetchall() == [
        (form["id"], name)
    ]


def test_a_repair_is_written_in_our_own_words(client: httpx.Client, connection: Connection) -> None:
    (form,) = post(client, "own_forms", {"id": 1, "email": "ann", "company": "Buyers"}).json()["forms"]
    assert form["quarantined"]["reason"] == "invalid_email"
    assert repair_quarantined_form(
        connection,
        1,
        changes=[("email", "ann@buyers.example")],
        now=NOW,
        events=EVENTS,
        identity=SHIPPED.identity,
    )
    event = connection.execute("select email, payload #>> '{properties,company}' from cdp.events").fetchone()
    assert event == ("ann@buyers.example", "Buyers")


def test_a_lead_of_facebook_waits_for_its_answers(client: httpx.Client, connection: Connection) -> None:
    forms = post(client, "facebook", FACEBOOK).json()["forms"]
    assert [form["quarantined"]["reason"] for form in forms] == ["no_answers", "no_answers"]
    assert count(connection, "intake.quarantined_forms") == 2, "each lead of the call is one form"
    (details,) = post(client, "facebook", FACEBOOK_DETAILS).json()["forms"]
    assert "quarantined" not in details
    assert details["id"] == forms[0]["id"], "leadgen_id and id are one"
    states = dict(connection.execute("select submission_id, state from intake.quarantined_forms").fetchall())
    assert states == {forms[0]["id"]: "admitted", forms[1]["id"]: "waiting"}
    (known,) = post(client, "facebook", FACEBOOK["entry"][0]["changes"][0]["value"]).json()["forms"]
    assert "quarantined" not in known, "the ids of a lead that is there ask for nothing"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}, 200),
        ({"hub.mode": "subscribe", "hub.verify_token": "wrong", "hub.challenge": "1158201444"}, 403),
        ({"hub.verify_token": VERIFY, "hub.challenge": "1158201444"}, 403),
        ({"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "<script>"}, 400),
        ({"hub.mode": "subscribe", "hub.verify_token": VERIFY}, 400),
        ({}, 403),
    ],
)
def test_facebook_asks_whether_the_address_is_ours(
    client: httpx.Client, query: dict[str, str], status: int
) -> None:
    response = client.get("/webhook/form/facebook", params=query)
    assert response.status_code == status
    if status == 200:
        assert response.text == "1158201444"
        assert response.headers["content-type"].startswith("text/plain")
    assert client.get("/webhook/form/typeform", params=query).status_code == 404


def test_a_test_of_google_is_counted_and_not_kept(client: httpx.Client, connection: Connection) -> None:
    response = post(client, "google", GOOGLE | {"is_test": True})
    assert (response.status_code, response.json()["forms"]) == (200, [{"test": True, "would_be": "a lead"}])
    assert refused(connection, "test") == 1
    assert count(connection, "intake.raw_leads") == 0


def test_two_tools_with_one_id_are_two_forms(client: httpx.Client, connection: Connection) -> None:
    token = TYPEFORM["form_response"]["token"]
    (own,) = post(client, "own_forms", {"id": token, "email": "bob@buyers.example"}).json()["forms"]
    (typeform,) = post(client, "typeform", TYPEFORM).json()["forms"]
    assert own["id"] != typeform["id"]
    assert count(connection, "intake.raw_leads") == 2


def test_the_next_form_of_a_hubspot_contact_is_another(client: httpx.Client, connection: Connection) -> None:
    later = HUBSPOT["properties"] | {"recent_conversion_date": {"value": "1782897900000"}}
    ids = {
        post(client, "hubspot", body).json()["forms"][0]["id"]
        for body in (HUBSPOT, HUBSPOT | {"properties": later})
    }
    assert len(ids) == count(connection, "intake.raw_leads") == 2


def test_without_an_id_what_is_said_is_the_id(client: httpx.Client, connection: Connection) -> None:
    body = {"email": "bob@buyers.example", "message": "hello"}
    ids = [post(client, "own_forms", body).json()["forms"][0]["id"] for _ in range(2)]
    ids.append(post(client, "own_forms", body | {"message": "again"}).json()["forms"][0]["id"])
    assert (ids[0] == ids[1], ids[1] == ids[2]) == (True, False)
    assert count(connection, "intake.raw_leads") == 2


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        (b"", ["not_json"]),
        (b"no json", ["not_json"]),
        (b"[]", ["not_an_object"]),
        (b"7", ["not_an_object"]),
        (b'[{"email": "a@b.example"}, 7]', ["not_an_object"]),
        (b'[{"id": 1, "email": "a@b.example"}, {"id": 2, "email": "c"}]', [None, "invalid_email"]),
        (b'{"email": "a@b.example", "anything": {"else": [1, {"x": null}]}}', [None]),
        (b'{"email": ["a@b.example"], "id": 5}', [None]),
        (b"[" + b"{}," * 100 + b"{}]", ["too_many_leads"]),
        (b'{"email": "a@b.example", "_gotcha": "x"}', ["spam_honeypot"]),
    ],
)
def test_every_proven_body_is_kept(
    client: httpx.Client, connection: Connection, body: bytes, reasons: list[str | None]
) -> None:
    response = post(client, "own_forms", body)
    assert response.status_code == 200
    found = [form.get("quarantined", {}).get("reason") for form in response.json()["forms"]]
    assert found == reasons
    kept = count(connection, "intake.raw_leads") + count(connection, "intake.quarantined_forms")
    assert kept == len(reasons)


def test_consent_and_campaign_arrive(client: httpx.Client, connection: Connection) -> None:
    post(client, "typeform", TYPEFORM)
    row = connection.execute("select payload -> 'context', anonymous_id from cdp.events").fetchone()
    assert row == ({"consent": True, "utm": {"campaign": "summer"}}, "b-4711")


def test_a_tool_without_a_secret_is_off_and_says_what_it_needs(serve: Serve, connection: Connection) -> None:
    client = serve(tools=ToolSecrets({"hubspot": (SECRET,)}))
    for name, status, word in (
        ("typeform", 503, "LEADOPS_FORM_TYPEFORM_SECRETS"),
        ("hubspot", 503, "tools.hubspot.url"),
        ("nothing", 404, "no such form tool"),
    ):
        response = client.post(f"/webhook/form/{name}", content=b"{}")
        assert response.status_code == status
        assert word.lower() in response.json()["detail"].lower()
        assert ("retry-after" in response.headers) == (status == 503)
    assert refused(connection, "no_tool") == 1
    assert refused(connection, "tool_off") >= 1


def test_a_body_that_is_too_large_and_too_many_forgeries_are_refused(serve: Serve) -> None:
    client = serve(
        tools=SECRETS,
        events=EVENTS,
        clock=lambda: NOW,
        forms={"unauthenticated": {"events_per_second": 0.001, "burst": 1}},
    )
    assert post(client, "own_forms", {"email": "a@b.example", "x": "y" * 1_048_576}).status_code == 413
    assert post(client, "own_forms", {"email": "a@b.example"}).status_code == 429


def test_a_tool_that_the_settings_lost_is_asked_to_come_again(serve: Serve, connection: Connection) -> None:
    rest = SHIPPED.events.link(change(SHIPPED.forms, tools={"own_forms": OWN}))
    client = serve(clock=lambda: NOW, events=rest, tools=SECRETS)
    response = post(client, "typeform", TYPEFORM)
    assert response.status_code == 503, "Typeform ends a webhook after one 404"
    assert "tools.typeform" in response.json()["detail"]
    assert refused(connection, "tool_off") == 1


def test_a_challenge_before_its_token_is_set_is_asked_again(serve: Serve) -> None:
    client = serve(tools=ToolSecrets({"facebook": (SECRET,)}))
    response = client.get("/webhook/form/facebook", params={"hub.mode": "subscribe"})
    assert (response.status_code, "retry-after" in response.headers) == (503, True)
    assert "LEADOPS_FORM_FACEBOOK_TOKEN" in response.json()["detail"]
    assert client.get("/webhook/form/nothing").status_code == 404


def test_a_contact_of_hubspot_with_its_whole_history_is_a_lead(
    client: httpx.Client, connection: Connection
) -> None:
    history = [{"value": "x" * 20, "source-type": "FORM", "timestamp": 1_700_000_000_000}] * 3
    more = {f"p{number}": {"value": "x", "versions": history} for number in range(400)}
    body = json.dumps(HUBSPOT | {"properties": HUBSPOT["properties"] | more}).encode()
    assert 65_536 < len(body) < 1_048_576
    (form,) = post(client, "hubspot", body).json()["forms"]
    assert "quarantined" not in form
    assert count(connection, "intake.raw_leads") == 1


def test_a_body_above_the_limit_of_tools_is_counted_as_theirs(serve: Serve, connection: Connection) -> None:
    client = serve(clock=lambda: NOW, events=EVENTS, tools=SECRETS, forms={"max_tool_body_bytes": 1024})
    assert post(client, "own_forms", {"email": "a@b.example", "x": "y" * 1024}).status_code == 413
    assert refused(connection, "tool_too_large") == 1


def test_a_tool_whose_body_comes_too_slowly_is_asked_to_come_again(
    serve: Serve, connection: Connection
) -> None:
    url = serve(clock=lambda: NOW, events=EVENTS, tools=SECRETS, body_seconds=0.2).base_url
    with socket.create_connection((url.host, url.port or 80), timeout=60) as stream:
        stream.sendall(b"POST /webhook/form/hubspot HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        answer = stream.recv(4096).lower()
    assert answer.startswith(b"http/1.1 503"), "HubSpot repeats after no 4xx but 429"
    assert b"retry-after" in answer
    assert refused(connection, "request_timeout") == 1


def test_the_same_bytes_of_two_tools_wait_as_two_forms(client: httpx.Client, connection: Connection) -> None:
    body = {"id": "7", "payload": {"id": "7", "data": {"name": "x"}}}
    for name in ("own_forms", "webflow", "own_forms"):
        assert post(client, name, body).json()["forms"][0]["quarantined"]["reason"] == "missing_field"
    for name in ("own_forms", "webflow"):
        assert post(client, name, b"{").json()["forms"][0]["quarantined"]["reason"] == "not_json"
    connection.rollback()
    rows = connection.execute("select tool, reason, times from intake.quarantined_forms").fetchall()
    assert sorted(rows) == [
        ("own_forms", "missing_field", 2),
        ("own_forms", "not_json", 1),
        ("webflow", "missing_field", 1),
        ("webflow", "not_json", 1),
    ]


def test_no_form_of_our_own_contract_takes_the_id_of_a_tools_form(
    client: httpx.Client, connection: Connection
) -> None:
    token = WEBFLOW["payload"]["id"]
    own = FormSender(client, FORM_SECRETS[0], clock=NOW.timestamp)
    first = own.post({"submission_id": f"webflow:{token}", "email": "bob@buyers.example"}).json()["id"]
    said = {"email": "eve@buyers.example", "message": "hello"}
    second = own.post({"tool": "own_forms", "email": said["email"], "properties": said}).json()["id"]
    (webflow,) = post(client, "webflow", WEBFLOW).json()["forms"]
    assert webflow["id"] not in (first, second)
    assert count(connection, "intake.raw_leads") == 3
