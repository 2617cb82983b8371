import json
from datetime import UTC, datetime

from leadops.intake.signature import find_signer
from leadops.intake.validate_form import ValidForm, validate_form
from leadops_sandbox.traffic.forms import EVENT, sign_form, write_form
from leadops_sandbox.traffic.visits import visits
from tests.shipped import SHIPPED

NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)


def first_form() -> dict:
    for visit in visits(1, start=NOW):
        for sending in visit.sendings:
            if sending.event["event"] == EVENT and sending.sort == "valid":
                return sending.event
    raise AssertionError


def test_a_form_is_signed_as_the_gateway_asks() -> None:
    body = write_form(first_form())
    headers = sign_form(body, secret="old-secret-of-forms", at=NOW)
    secrets = ("new-secret-of-forms", "old-secret-of-forms")
    assert find_signer(secrets, headers["X-Timestamp"], body, headers["X-Signature"]) == 1
    assert find_signer(secrets, headers["X-Timestamp"], body + b" ", headers["X-Signature"]) is None


def test_a_form_says_what_its_event_would_have_said() -> None:
    event = first_form()
    judged = validate_form(
        json.loads(write_form(event)),
        submission_id="s",
        sent_at=NOW,
        now=datetime.fromisoformat(event["ts"]),
        settings=SHIPPED.events,
    )
    assert isinstance(judged, ValidForm)
    assert judged.changes == []
    assert judged.submission.submission_id == event["event_id"]
    assert judged.submission.form == "contact"
    assert judged.row["email"] == event["email"]
    assert judged.row["anonymous_id"] == event["anonymous_id"]
    assert judged.row["payload"]["properties"] == event["properties"]


def test_a_broken_form_stays_broken() -> None:
    event = first_form() | {"properties": []}
    assert json.loads(write_form(event))["properties"] == []
