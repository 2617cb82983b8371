"""What the check says of the stand-in, as shipped and as it might be."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.checkup.check_product import describe_token
from leadops.checkup.trial_lead import try_lead
from leadops.clients.call_outcomes import Answered, Refused
from leadops.products.check_line import CheckLine, CheckState
from leadops.products.product_client import ProductClient
from leadops.products.salesforce.salesforce_check import (
    check_edition,
    check_fields,
    check_history,
    check_version,
)
from tests.products.salesforce.conftest import SETTINGS, SalesforceDesk


@pytest.fixture
def client(desk: SalesforceDesk) -> Iterator[ProductClient]:
    client = ProductClient(desk.endpoint)
    yield client
    client.close()


def changes(lines: Any) -> dict[str, str]:
    return {line.subject: line.text for line in lines if line.state is CheckState.CHANGE}


@pytest.mark.parametrize("target", ["ma", "crm"])
def test_the_stand_in_as_shipped_is_in_order(client: ProductClient, target: str) -> None:
    ping = client.product.make_ping_call(target)
    assert ping is not None
    assert isinstance(client.send(ping), Answered)
    lines = list(client.product.check(target, client.send))
    assert changes(lines) == {}
    subjects = [line.subject for line in lines]
    assert subjects[:2] == ["API version", "edition"]
    assert ("Lead.LeadOps_Score__c" in subjects) is (target == "ma")
    assert ("Lead.OwnerId" in subjects) is (target == "crm")
    assert ("status history" in subjects) is (target == "crm")


def test_what_is_missing_is_named_with_where_to_change_it() -> None:
    fields = SETTINGS.fields.model_copy(update={"score": "Rating", "external_id": "Missing__c"})
    facts = SETTINGS.facts | {"source": "Email"}
    settings = SETTINGS.model_copy(
        update={"fields": fields, "facts": facts, "api_version": "40.0", "placeholders": {}}
    )
    described = {
        "Rating": {"name": "Rating", "type": "picklist", "updateable": False},
        "Email": {"name": "Email", "type": "email", "updateable": True},
        "Vat__c": {"name": "Vat__c", "nillable": False, "createable": True},
    }
    found = changes(check_fields(settings, "ma", "Lead", described))
    assert found["Lead.Missing__c"].startswith("there is none, or leadops' user does not see it: make it in")
    assert found["Lead.Rating"].startswith("it is of type picklist: make a Number(18, 0) field in Setup >")
    assert found["Lead.FirstName"].startswith("there is none")
    assert found["Lead.Vat__c"].startswith("Salesforce demands it of a new lead")
    assert "Lead.Email" not in found
    plain = described | {
        "Rating": {"type": "double", "updateable": False},
        "Missing__c": {"updateable": True},
    }
    found = changes(check_fields(settings, "ma", "Lead", plain))
    assert found["Lead.Rating"].startswith("leadops' user may not write it: allow it in the field-level")
    assert found["Lead.Missing__c"].startswith("mark it as External ID and as unique")


def test_versions_edition_and_history() -> None:
    versions = Answered(200, [{"version": "59.0"}, {"version": "66.0"}, {"version": "67.0"}])
    assert check_version(SETTINGS, versions) == CheckLine.ok("API version", "66.0; the newest here is 67.0")
    old = SETTINGS.model_copy(update={"api_version": "40.0"})
    assert check_version(old, versions).text.endswith("api_version of salesforce in products.yaml to 67.0")
    assert check_version(SETTINGS, Refused(404, "HTTP 404: no")).state is CheckState.NOTE
    sandbox = {"records": [{"OrganizationType": "Unlimited Edition", "IsSandbox": True}]}
    assert check_edition(Answered(200, sandbox)).text == "Unlimited Edition, a sandbox of Salesforce"
    assert check_edition(Answered(200, {"records": []})).state is CheckState.NOTE
    no_object = Answered(400, [{"errorCode": "INVALID_TYPE", "message": "not supported"}])
    assert check_history(no_object).text.startswith("cannot be read (INVALID_TYPE: not supported): switch on")
    assert check_history(Answered(200, {"records": []})).state is CheckState.NOTE
    assert check_history(Answered(200, {"records": [{}]})).state is CheckState.OK


@pytest.mark.parametrize("target", ["ma", "crm"])
def test_a_trial_lead_is_made_twice_is_one_and_goes_again(
    client: ProductClient, desk: SalesforceDesk, target: str
) -> None:
    now = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
    lines = list(try_lead(client, target, now=now, sleep=lambda _: None))
    assert changes(lines) == {}
    texts = [line.text for line in lines]
    assert texts[0].startswith("made twice, it is one lead, 00Q")
    assert (texts[1] == "sent and read back: 7") is (target == "ma")
    assert texts[-1].startswith("removed again, 00Q")
    assert desk.rows("SELECT Id FROM Lead") == []


def test_only_a_refused_token_is_one_to_correct_in_the_connection() -> None:
    wrong_version = Refused(403, "HTTP 404: NOT_FOUND: …; correct api_version of salesforce in products.yaml")
    line = describe_token(wrong_version, "crm")
    assert (line.state, line.subject) == (CheckState.CHANGE, "access")
    assert "correct api_version" in line.text
    assert "password" not in line.text
    assert "correct the password" in describe_token(Refused(401, "HTTP 401"), "crm").text
