"""Whatever is sent: no 5xx, nothing accepted and lost, and what is refused can be repaired."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import settings as run
from hypothesis import strategies as st

from leadops.intake.admit_forms import repair_quarantined_form, retry_quarantined_forms
from leadops.intake.form_quarantine import list_quarantined_forms
from leadops.normalization.lenient_json import read_json
from tests.gateway.conftest import FORM_SECRETS, KEY, Serve
from tests.gateway.dirt import BAD_ADDRESSES, DIRT, GOOD_ADDRESSES, SIDE_FIELDS, encode
from tests.gateway.form_sender import FormSender
from tests.promises import promise_examples
from tests.shipped import SHIPPED

FAST = {"events_per_second": 1e6, "burst": 1e6}
PROPERTY = run(
    max_examples=promise_examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

FORM_FIELDS = SIDE_FIELDS | dict.fromkeys(("submission_id", "form", "ts", "anonymous_id", "user_id"), DIRT)


@pytest.fixture
def client(serve: Serve) -> httpx.Client:
    """A gateway without limits on rates."""
    return serve(browsers=FAST, senders=FAST, forms={"signers": FAST, "unauthenticated": FAST})


def unique() -> str:
    return secrets.token_hex(8)


def assert_is_lead(connection: psycopg.Connection[Any], submission_id: str) -> None:
    row = connection.execute(
        "select count(*) from intake.raw_leads join cdp.events on event_id = 'form-' || submission_id"
        " join identity.aliases on kind = 'email' and value = email where submission_id = %s",
        [submission_id],
    ).fetchone()
    assert row == (1,)


@PROPERTY
@given(fields=st.fixed_dictionaries({}, optional=FORM_FIELDS), address=GOOD_ADDRESSES, data=st.data())
def test_a_form_with_an_address_is_a_lead_whatever_else_it_says(
    client: httpx.Client, database_url: str, fields: dict[str, Any], address: str, data: st.DataObject
) -> None:
    # Its id is in a property, so that no two forms are one.
    form = fields | {"email": address, unique(): unique()}
    body = data.draw(encode(form))
    answer = FormSender(client, FORM_SECRETS[0]).post(body)
    assert answer.status_code == 202, answer.text
    with psycopg.connect(database_url) as connection:
        if "quarantined" in answer.json():
            # Not a lead only if the bytes are not UTF-8, or the user agent happens to be a bot's.
            assert answer.json()["quarantined"]["reason"] in ("not_utf8", "known_bot")
            return
        assert_is_lead(connection, answer.json()["id"])
        kept = connection.execute(
            "select body from intake.raw_leads where submission_id = %s", [answer.json()["id"]]
        ).fetchone()
    assert kept is not None
    assert kept[0] == body or "submission_id" in fields, "an id counts once"


@PROPERTY
@given(
    fields=st.fixed_dictionaries({}, optional=FORM_FIELDS | {"email": BAD_ADDRESSES | GOOD_ADDRESSES}),
    junk=st.none() | st.binary(max_size=40),
    data=st.data(),
)
def test_a_signed_body_is_a_lead_or_can_be_repaired(
    client: httpx.Client, database_url: str, fields: dict[str, Any], junk: bytes | None, data: st.DataObject
) -> None:
    body = data.draw(encode(fields | {unique(): 1})) if junk is None else unique().encode() + junk
    answer = FormSender(client, FORM_SECRETS[1]).post(body)
    assert answer.status_code == 202, answer.text
    submission_id, refusal = answer.json()["id"], answer.json().get("quarantined")
    event(refusal["reason"] if refusal else "a lead")
    with psycopg.connect(database_url) as connection:
        if not refusal:
            assert_is_lead(connection, submission_id)
            return
        (form,) = (form for form in list_quarantined_forms(connection) if form.body == body)
        assert (form.state, form.reason, form.submission_id) == ("waiting", refusal["reason"], submission_id)
        options: dict[str, Any] = {
            "now": datetime.now(UTC),
            "events": SHIPPED.events,
            "identity": SHIPPED.identity,
        }
        assert retry_quarantined_forms(connection, ids=[form.quarantine_id], **options).refused == 1
        changes = [("email", "ann@buyer.example"), ("context", {})]
        repair_quarantined_form(connection, form.quarantine_id, changes=changes, **options)
        assert_is_lead(connection, submission_id)
        (form,) = list_quarantined_forms(connection, ids=[form.quarantine_id])
        assert (form.state, form.body) == ("admitted", body)


EVENT_FIELDS = SIDE_FIELDS | {"anonymous_id": st.sampled_from([None, "", " ", "undefined", "null", "a-1"])}


@PROPERTY
@given(sides=st.lists(st.fixed_dictionaries({}, optional=EVENT_FIELDS), min_size=1, max_size=5))
def test_an_event_with_a_good_core_is_accepted_whatever_else_it_says(
    client: httpx.Client, database_url: str, sides: list[dict[str, Any]]
) -> None:
    batch = unique()
    items = [
        side
        | {"event_id": f"{batch}-{number}", "event": "page_view", "ts": datetime.now(UTC).isoformat()}
        | {"user_id": "u-1"}
        for number, side in enumerate(sides)
    ]
    answer = client.post("/collect", content=json.dumps(items), headers=HEADERS)
    assert answer.status_code == 202, answer.text
    assert {refusal["reason"] for refusal in answer.json()["quarantined"]} <= {"known_bot"}
    assert all(0 <= change["index"] < len(items) for change in answer.json()["changed"])
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "select count(*) from cdp.events join identity.inbox on event_seq = seq"
            " where starts_with(event_id, %s)",
            [batch],
        ).fetchone()
    assert row == (answer.json()["accepted"],)
    assert answer.json()["accepted"] + len(answer.json()["quarantined"]) == len(items)


CORE_FIELDS = dict.fromkeys(("event_id", "event", "ts", "user_id", "email", "anonymous_id"), DIRT)
HEADERS = {"Content-Type": "application/json", "X-Write-Key": KEY}


@PROPERTY
@given(items=st.lists(DIRT | st.fixed_dictionaries({}, optional=SIDE_FIELDS | CORE_FIELDS), max_size=5))
def test_an_event_is_accepted_known_or_quarantined_whole(
    client: httpx.Client, database_url: str, items: list[Any]
) -> None:
    body = json.dumps(items)
    answer = client.post("/collect", content=body, headers=HEADERS)
    assert answer.status_code == 202, answer.text
    counts = answer.json()
    assert counts["accepted"] + counts["duplicates"] + len(counts["quarantined"]) == len(items)
    refused = [json.dumps(read_json(body)[refusal["index"]]) for refusal in counts["quarantined"]]
    with psycopg.connect(database_url) as connection:
        kept = connection.execute(
            "select body from cdp.quarantine where body = any(%s) and state = 'waiting'", [refused]
        ).fetchall()
    assert {text for (text,) in kept} == set(refused)
