"""Forms as the world sends them: each becomes a lead, and the answer names what was changed."""

import codecs
import json
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from leadops.gateway.app import create_app
from leadops.gateway.serve import serve_in_thread
from leadops.intake.admit_forms import repair_quarantined_form
from leadops_stack.postgres import PostgresServer
from tests.cluster import database_of
from tests.gateway.conftest import FORM_SECRETS, KEY, TOKEN
from tests.gateway.form_sender import FormSender
from tests.left_as_found import count_rows, restore_rows, share
from tests.plain_http import NO_TLS
from tests.shipped import SHIPPED, change

EMAIL = "hanako@buyer.example"
LONG = "あ" * 8193
#: The second in which the forms are signed; times are compared with it.
AT = int(time.time())


def iso(**ago: float) -> str:
    return (datetime.fromtimestamp(AT, UTC) - timedelta(**ago)).isoformat()


def with_utm(campaign: Any) -> dict[str, Any]:
    return {"context": {"utm": {"source": "ad", "campaign": campaign}}}


def message(text: str) -> dict[str, Any]:
    return {"properties": {"message": text}}


#: What is sent beside the address; what the event says then (fields that are not named are not looked at);
#: the changes that the answer names.
EXAMPLES: list[Any] = [
    pytest.param(
        with_utm(None), {"context": {"utm": {"source": "ad"}}}, ["context.utm.campaign empty"], id="utm null"
    ),
    pytest.param(
        with_utm(2026),
        {"context": {"utm": {"source": "ad", "campaign": "2026"}}},
        ["context.utm.campaign to_text"],
        id="utm number",
    ),
    pytest.param(
        with_utm(["a"]),
        {"context": {"utm": {"source": "ad", "campaign": "a"}}},
        ["context.utm.campaign from_list"],
        id="utm list of one",
    ),
    pytest.param({"anonymous_id": ""}, {"anonymous_id": None}, ["anonymous_id empty"], id="anonymous empty"),
    pytest.param(
        {"anonymous_id": "undefined"},
        {"anonymous_id": None},
        ["anonymous_id placeholder"],
        id="anonymous undefined",
    ),
    pytest.param({"submission_id": 123}, {"sender_id": "123"}, ["submission_id to_text"], id="id number"),
    pytest.param(
        {"role": "CTO", "properties": {"company": "Buyer"}},
        {"properties": {"company": "Buyer", "role": "CTO"}},
        ["role moved_to_properties"],
        id="unknown key",
    ),
    pytest.param(
        {"context": {"consent": "granted", "page": "/"}},
        {"context": {"page": "/"}},
        ["context.consent not_consent"],
        id="consent text",
    ),
    pytest.param(
        message(LONG), {"properties": {"message": LONG[:8192]}}, ["properties.message cut"], id="long message"
    ),
    pytest.param(
        message("a\0b"), {"properties": {"message": "ab"}}, ["properties.message cleaned"], id="NUL"
    ),
    pytest.param(
        message("Thank you \ud83d"),
        {"properties": {"message": "Thank you \ufffd"}},
        ["properties.message cleaned"],
        id="half a character",
    ),
    pytest.param({"ts": iso()[:19]}, {"ts": iso()}, ["ts x_timestamp"], id="time without zone"),
    pytest.param({"ts": iso(hours=-9)}, {"ts": iso()}, ["ts x_timestamp"], id="9 hours ahead"),
    pytest.param({"ts": iso(days=4)}, {"ts": iso()}, ["ts x_timestamp"], id="4 days old"),
    pytest.param(
        {"email": "hanako@köln.example"},
        {"email": "hanako@xn--kln-sna.example"},
        ["email to_ascii"],
        id="IDN",
    ),
    pytest.param({"email": "hanako＠buyer.example"}, {"email": EMAIL}, ["email to_ascii"], id="full-width @"),
    pytest.param(
        {"email": "hanako@buyer\u200b.example"}, {"email": EMAIL}, ["email to_ascii"], id="zero width"
    ),
]
NEIGHBOURS: list[Any] = [
    pytest.param({"email": [EMAIL]}, {"email": EMAIL}, ["email from_list"], id="address in a list"),
    pytest.param(
        {"email": "ｈａｎａｋｏ＠ｂｕｙｅｒ．ｅｘａｍｐｌｅ"},
        {"email": EMAIL},
        ["email to_ascii"],
        id="all full-width",
    ),
    pytest.param({"email": f"\u3000{EMAIL}\u00a0"}, {"email": EMAIL}, ["email to_ascii"], id="blanks around"),
    pytest.param({"email": f"{EMAIL}\0"}, {"email": EMAIL}, ["email cleaned"], id="NUL in the address"),
    pytest.param({"email": "Hanako@Buyer.Example"}, {"email": EMAIL}, [], id="case"),
    pytest.param({"context": None}, {"context": {}}, ["context empty"], id="context null"),
    pytest.param({"context": ""}, {"context": {}}, ["context empty"], id="context empty"),
    pytest.param({"context": []}, {"context": {}}, ["context empty"], id="context empty list"),
    pytest.param(
        {"context": "landing page"},
        {"context": {}, "properties": {"context": "landing page"}},
        ["context moved_to_properties"],
        id="context text",
    ),
    pytest.param(
        {"context": [{"page": 7}]},
        {"context": {"page": "7"}},
        ["context from_list", "context.page to_text"],
        id="context list of one",
    ),
    pytest.param({"context": {"utm": None}}, {"context": {}}, [], id="no utm"),
    pytest.param(
        {"context": {"utm": [{"campaign": "a"}]}},
        {"context": {"utm": {"campaign": "a"}}},
        ["context.utm from_list"],
        id="utm as a list",
    ),
    pytest.param(
        {"context": {"utm": "summer"}},
        {"context": {}, "properties": {"utm": "summer"}},
        ["context.utm moved_to_properties"],
        id="utm as text",
    ),
    pytest.param(
        {"utm": {"campaign": "a"}},
        {"context": {"utm": {"campaign": "a"}}},
        ["utm moved_to_context"],
        id="utm at the top",
    ),
    pytest.param(
        with_utm(["", "a", "b"]),
        {"context": {"utm": {"source": "ad", "campaign": "a"}}},
        ["context.utm.campaign from_list"],
        id="utm list",
    ),
    pytest.param(
        with_utm({"id": 1}),
        {"context": {"utm": {"source": "ad"}}},
        ["context.utm.campaign dropped"],
        id="utm object",
    ),
    pytest.param(
        with_utm(True),
        {"context": {"utm": {"source": "ad", "campaign": "true"}}},
        ["context.utm.campaign to_text"],
        id="utm boolean",
    ),
    pytest.param(
        {"context": {"consent": {"ads": True, "mail": "yes"}}},
        {"context": {"consent": {"ads": True}}},
        ["context.consent.mail not_consent"],
        id="consent by purpose",
    ),
    pytest.param(
        {"context": {"consent": 1}}, {"context": {}}, ["context.consent not_consent"], id="consent number"
    ),
    pytest.param({"context": {"consent": False}}, {"context": {"consent": False}}, [], id="no consent"),
    pytest.param({"properties": None}, {"properties": {}}, ["properties empty"], id="properties null"),
    pytest.param(
        {"properties": [{"company": "Buyer"}]},
        {"properties": {"company": "Buyer"}},
        ["properties from_list"],
        id="properties list of one",
    ),
    pytest.param(
        {"properties": [{"name": "company"}, {"name": "title"}]},
        {"properties": {"properties": [{"name": "company"}, {"name": "title"}]}},
        ["properties moved_to_properties"],
        id="properties as a list",
    ),
    pytest.param(
        {"properties": "text"},
        {"properties": {"properties": "text"}},
        ["properties moved_to_properties"],
        id="properties as text",
    ),
    pytest.param(
        {"phone": 81312345678},
        {"properties": {"phone": 81312345678}},
        ["phone moved_to_properties"],
        id="phone as a number",
    ),
    pytest.param(
        {"name": "佐" * 10_000},
        {"properties": {"name": "佐" * 8192}},
        ["name moved_to_properties", "properties.name cut"],
        id="name of 10,000 characters",
    ),
    pytest.param(
        {"role": "CTO", "properties": {"role": "CEO"}},
        {"properties": {"role": "CEO"}},
        ["role dropped"],
        id="the property wins",
    ),
    pytest.param(
        {"traits": {"title": "CTO", "company": "X"}, "properties": {"company": "Buyer"}},
        {"properties": {"company": "Buyer", "title": "CTO"}},
        ["traits moved_to_properties", "traits.company dropped"],
        id="traits",
    ),
    pytest.param({"newsletter": None}, {"properties": {}}, ["newsletter empty"], id="unknown and empty"),
    pytest.param(
        {"properties": {"a\0": 1, "b": 2}},
        {"properties": {"a": 1, "b": 2}},
        ["properties.a\\x00 cleaned"],
        id="NUL in a key",
    ),
    pytest.param(
        {"properties": {"a\0": 1, "a": 2}},
        {"properties": {"a": 2}},
        ["properties.a\\x00 cleaned", "properties.a\\x00 repeated_key"],
        id="two keys become one",
    ),
    pytest.param(
        {"properties": {"n": 2**63, "m": -(2**80), "ok": 2**63 - 1}},
        {"properties": {"n": str(2**63), "m": str(-(2**80)), "ok": 2**63 - 1}},
        ["properties.n to_text", "properties.m to_text"],
        id="64 bits",
    ),
    pytest.param({"form": 5}, {"properties": {"form": "5"}}, ["form to_text"], id="form number"),
    pytest.param({"form": ""}, {"properties": {}}, ["form empty"], id="form empty"),
    pytest.param({"form": "x" * 201}, {"properties": {"form": "x" * 200}}, ["form cut"], id="form long"),
    pytest.param(
        {"form": {"id": 5}},
        {"properties": {"form": {"id": 5}}},
        ["form moved_to_properties"],
        id="form object",
    ),
    pytest.param({"user_id": 42}, {"user_id": "42"}, ["user_id to_text"], id="user number"),
    pytest.param({"user_id": ["u-1"]}, {"user_id": "u-1"}, ["user_id from_list"], id="user list"),
    pytest.param({"user_id": {"id": 1}}, {"user_id": None}, ["user_id dropped"], id="user object"),
    pytest.param({"user_id": "N/A"}, {"user_id": None}, ["user_id placeholder"], id="user placeholder"),
    pytest.param(
        {"anonymous_id": "00000000-0000-0000-0000-000000000000"},
        {"anonymous_id": None},
        ["anonymous_id placeholder"],
        id="zeros",
    ),
    pytest.param({"ts": "yesterday"}, {"ts": iso()}, ["ts x_timestamp"], id="no time"),
    pytest.param({"ts": AT}, {"ts": iso()}, ["ts x_timestamp"], id="Unix time"),
    pytest.param({"ts": ""}, {"ts": iso()}, ["ts empty"], id="time empty"),
    pytest.param({"ts": "9999-12-31T23:59:59-23:59"}, {"ts": iso()}, ["ts x_timestamp"], id="the last time"),
    pytest.param({"ts": "0001-01-01T00:00:00+23:59"}, {"ts": iso()}, ["ts x_timestamp"], id="the first time"),
    pytest.param({"ts": f" {iso(hours=2)} "}, {"ts": iso(hours=2)}, [], id="blanks around the time"),
    pytest.param({"ts": iso(hours=71)}, {"ts": iso(hours=71)}, [], id="71 hours old"),
    pytest.param({"ts": iso(minutes=-5)}, {"ts": iso(minutes=-5)}, [], id="5 minutes ahead"),
]


@pytest.fixture(scope="module")
def forms_url(postgres: PostgresServer) -> Iterator[str]:
    with (
        database_of(postgres, f"dirty_{secrets.token_hex(6)}") as url,
        share("the database of forms", lambda: count_rows(url), fixture="forms_url"),
    ):
        yield url


@pytest.fixture(scope="module")
def forms_sender(forms_url: str) -> Iterator[FormSender]:
    fast = {"events_per_second": 1e6, "burst": 1e6}
    app = create_app(
        database_url=forms_url,
        write_keys=(KEY,),
        metrics_tokens=(TOKEN,),
        form_secrets=FORM_SECRETS,
        identity_secrets=(),
        settings=change(SHIPPED.gateway, forms={"signers": fast}),
        events=SHIPPED.events,
        identity=SHIPPED.identity,
        clock=lambda: datetime.fromtimestamp(AT, UTC),  # the module may be collected long before it runs
    )
    with (
        serve_in_thread(app) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False, verify=NO_TLS) as client,
    ):
        yield FormSender(client, FORM_SECRETS[0], clock=lambda: AT)


@pytest.fixture
def database(forms_url: str) -> Iterator[str]:
    """The one database of this module's gateway, which begins empty for each test."""
    with restore_rows(forms_url):
        yield forms_url


@pytest.fixture
def sender(forms_sender: FormSender, database: str) -> FormSender:
    return forms_sender


def read_event(database: str, submission_id: str) -> dict[str, Any]:
    with psycopg.connect(database, row_factory=dict_row) as connection:
        rows = connection.execute(
            "select sender_id, ts, anonymous_id, user_id, events.email, payload, changes, body"
            " from intake.raw_leads join cdp.events on event_id = 'form-' || submission_id"
            " join identity.leads on leads.email = events.email where submission_id = %s",
            [submission_id],
        ).fetchall()
    (event,) = rows
    payload = event.pop("payload")
    return event | payload | {"ts": event["ts"].astimezone(UTC).isoformat()}


def name_changes(answer: httpx.Response) -> list[str]:
    return [f"{change['path']} {change['what']}" for change in answer.json()["changed"]]


@pytest.mark.parametrize(("beside", "expected", "changed"), EXAMPLES + NEIGHBOURS)
def test_it_becomes_a_lead_and_the_answer_names_what_was_changed(
    sender: FormSender, database: str, beside: dict[str, Any], expected: dict[str, Any], changed: list[str]
) -> None:
    form = {"email": EMAIL} | beside
    answer = sender.post(form, at=AT)
    assert answer.status_code == 202
    assert "quarantined" not in answer.json()
    assert name_changes(answer) == changed
    event = read_event(database, answer.json()["id"])
    assert {name: event[name] for name in expected} == expected
    assert event["changes"] == answer.json()["changed"]
    assert json.loads(event["body"]) == form, "the body is kept as it came"
    assert sender.post(form, at=AT).json() == answer.json(), "the same again is the same"


#: Twelve levels hold the event, its properties and ten objects.
DEEP: Any = '{"a": {"a": 1}}'
for _ in range(11):
    DEEP = {"a": DEEP}
RAW: list[Any] = [
    pytest.param(
        codecs.BOM_UTF8 + b'{"email": "hanako@buyer.example", "form": "1"}',
        {"form": "1"},
        [],
        id="byte order mark",
    ),
    pytest.param(
        '{"email": "hanako@buyer.example", "form": "2"}'.encode("utf-16"), {"form": "2"}, [], id="UTF-16"
    ),
    pytest.param(b'[{"email": "hanako@buyer.example", "form": "3"}]', {"form": "3"}, [], id="a list of one"),
    pytest.param(
        b'{"email": "hanako@buyer.example", "form": "4", "email": ""}',
        {"form": "4"},
        [" repeated_key"],
        id="a key given twice",
    ),
    pytest.param(
        b'{"email": "hanako@buyer.example", "message": "two\nlines\tand a tab"}',
        {"message": "two\nlines\tand a tab"},
        ["message moved_to_properties"],
        id="control characters",
    ),
    pytest.param(
        b'{"email": "hanako@buyer.example", "properties": {"a": 1e400, "b": NaN, "c": -Infinity}}',
        {"a": "1e400", "b": None, "c": "-Infinity"},
        ["properties.a to_text", "properties.b empty", "properties.c to_text"],
        id="numbers that JSON does not know",
    ),
    pytest.param(
        b'{"email": "hanako@buyer.example", "properties": {"n": ' + b"9" * 5000 + b"}}",
        {"n": "9" * 5000},
        ["properties.n to_text"],
        id="a number of 5,000 digits",
    ),
    pytest.param(
        b'{"email": "hanako@buyer.example", "a": ' + b'{"a":' * 12 + b"1" + b"}" * 12 + b"}",
        DEEP,
        ["a moved_to_properties", "properties" + ".a" * 11 + " json_text"],
        id="deep",
    ),
]


@pytest.mark.parametrize(("body", "properties", "changed"), RAW)
def test_a_body_that_is_odd_json_becomes_a_lead(
    sender: FormSender, database: str, body: bytes, properties: dict[str, Any], changed: list[str]
) -> None:
    answer = sender.post(body)
    assert answer.status_code == 202
    assert name_changes(answer) == changed
    event = read_event(database, answer.json()["id"])
    assert event["email"] == EMAIL
    assert event["properties"] == properties
    assert event["body"] == body


@pytest.mark.parametrize(
    "submission_id", ["", "undefined", None, "0", 0, [], {}, "00000000-0000-0000-0000-000000000000", True]
)
def test_an_id_that_everybody_sends_does_not_make_two_forms_one(
    sender: FormSender, database: str, submission_id: Any
) -> None:
    first = sender.post({"submission_id": submission_id, "email": "ann@buyer.example"}).json()
    second = sender.post({"submission_id": submission_id, "email": "bob@buyer.example"}).json()
    assert first["id"] != second["id"]
    assert read_event(database, first["id"])["email"] == "ann@buyer.example"
    assert read_event(database, second["id"])["email"] == "bob@buyer.example"
    assert sender.post({"email": "bob@buyer.example"}).json()["id"] == second["id"], "its content is its id"


def test_ids_stay_apart_and_stay_the_same_however_they_are_written(sender: FormSender, database: str) -> None:
    def send(submission_id: Any) -> str:
        return str(sender.post({"submission_id": submission_id, "email": EMAIL}).json()["id"])

    assert send(123) == send("123") == send(["123"])
    long = "x1" * 150
    ids = ["1", "11", "7", "a\0", "a", long, f"{long}y", 1.5, 10**30]
    assert len({send(submission_id) for submission_id in ids}) == len(ids)
    assert len(read_event(database, send(long))["sender_id"]) == 200


def test_many_changes_are_named_up_to_a_bound(sender: FormSender) -> None:
    answer = sender.post({"email": EMAIL, "properties": {f"p{n}": "\0" for n in range(100)}}).json()
    assert len(answer["changed"]) == 21
    assert answer["changed"][-1] == {"path": "", "what": "more"}


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        " ",
        5,
        True,
        {},
        {"address": EMAIL},
        [],
        [5],
        "hanako",
        "hanako@buyer",
        "hanako@@buyer.example",
        "hanako@buyer..example",
        "ha\u212aako@buyer.example",
        "花子@buyer.example",
        "hanako@\ud83d.example",
        "hanako@" + "ö" * 300 + ".example",
        "x" * 9000,
    ],
)
def test_without_a_usable_address_it_is_quarantined_and_repairable(
    sender: FormSender, database: str, address: Any
) -> None:
    answer = sender.post({"email": address, "properties": {"message": "call me"}})
    assert answer.status_code == 202
    assert answer.json()["quarantined"]["reason"] in ("missing_field", "wrong_type", "invalid_email")
    with psycopg.connect(database) as connection:
        (form,) = connection.execute(
            "select quarantine_id from intake.quarantined_forms where submission_id = %s",
            [answer.json()["id"]],
        ).fetchall()
        assert repair_quarantined_form(
            connection,
            form[0],
            changes=[("email", EMAIL)],
            now=datetime.now(UTC),
            events=SHIPPED.events,
            identity=SHIPPED.identity,
        )
    assert read_event(database, answer.json()["id"])["properties"] == {"message": "call me"}
