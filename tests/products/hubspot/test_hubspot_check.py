"""What `leadops check` says of an account of HubSpot, by hand and against the stand-in."""

from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.checkup.trial_lead import try_lead
from leadops.clients.call_outcomes import Answered, Outcome, Refused
from leadops.products.check_line import CheckState
from leadops.products.hubspot.hubspot_check import HubSpotCheck, Wanted, describe_property
from leadops.products.product_rows import Call
from tests.shipped import change

from .conftest import CALLS, SETTINGS, Portal

SCORE = Wanted("leadops_score", "the score", "number")
ID = Wanted("leadops_id", "leadops' id of the lead", "string", is_unique=True)
OK, CHANGE, NOTE = CheckState.OK, CheckState.CHANGE, CheckState.NOTE


@pytest.mark.parametrize(
    ("wanted", "found", "state", "word"),
    [
        (SCORE, {"type": "number"}, OK, "the score"),
        (SCORE, {"type": "string"}, CHANGE, "is of type string"),
        (SCORE, {"type": "number", "calculated": True}, CHANGE, "read only"),
        (SCORE, {"type": "number", "modificationMetadata": {"readOnlyValue": True}}, CHANGE, "read only"),
        (ID, {"type": "string", "hasUniqueValue": True}, OK, "id of the lead"),
        (ID, {"type": "string", "hasUniqueValue": False}, CHANGE, "the same value twice"),
        (ID, {"type": "string"}, CHANGE, "the same value twice"),
        (Wanted("firstname", "firstName"), {"type": "string"}, OK, "firstName"),
    ],
)
def test_a_property(wanted: Wanted, found: dict[str, Any], state: CheckState, word: str) -> None:
    line = describe_property(wanted, found)
    assert line.state is state
    assert word in line.text
    assert line.subject == f"property {wanted.name}"


def test_what_cannot_be_read_says_what_to_change() -> None:
    def send(call: Call) -> Outcome:
        return Refused(404 if call.path.endswith("leadops_id") else 403, "HTTP 403: no scope")

    lines = {line.subject: line for line in HubSpotCheck(SETTINGS, CALLS).check("ma", send)}
    assert lines["account"].state is NOTE
    assert lines["property leadops_id"].text.startswith("does not exist; make it (string with unique values)")
    assert "crm.schemas.contacts.read" in lines["property leadops_score"].text


@pytest.mark.parametrize(
    ("options", "state"),
    [([{"value": "NEW"}], OK), ([{"value": "OPEN"}], CHANGE), (None, NOTE), (["x"], NOTE)],
)
def test_the_status_of_a_new_lead_has_to_be_an_option(options: Any, state: CheckState) -> None:
    lines = HubSpotCheck(SETTINGS, CALLS).check("crm", lambda _: Answered(200, {"options": options}))
    (line,) = [line for line in lines if line.subject == "property hs_lead_status"]
    assert line.state is state


def test_the_stand_in_is_in_order(portal: Portal) -> None:
    client = portal.open()
    settings = change(SETTINGS, facts=SETTINGS.facts | {"ml_score": "no_such_property"})
    try:
        for target, subjects in {"ma": ["leadops_id", "leadops_score"], "crm": ["hs_lead_status"]}.items():
            lines = {line.subject: line for line in client.product.check(target, client.send)}
            assert {line.state for line in lines.values()} == {OK}
            assert "Asia/Tokyo" in lines["account"].text
            assert all(f"property {name}" in lines for name in subjects)
        changed = {line.subject: line for line in HubSpotCheck(settings, CALLS).check("ma", client.send)}
        assert changed["property no_such_property"].state is CHANGE
        assert isinstance(client.send(client.product.make_ping_call("ma") or Call("", "")), Answered)
        reading = client.take_quota()
        assert reading is not None
        assert reading.limit == 625_000
    finally:
        client.close()


@pytest.mark.parametrize("target", ["ma", "crm"])
def test_a_trial_lead_is_made_twice_and_removed_again(portal: Portal, target: str) -> None:
    client = portal.open()
    try:
        lines = list(try_lead(client, target, now=datetime.now(UTC), sleep=lambda _: None))
    finally:
        client.close()
    assert [line for line in lines if line.state is not OK] == []
    assert lines[0].text.startswith("made twice, it is one lead, ")
    assert portal.call("GET", CALLS.find_path("contacts"))["results"] == []
