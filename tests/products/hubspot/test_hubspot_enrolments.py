"""Programmes and opt-outs in HubSpot: the calls to the letter, and what its answers mean."""

import json
from typing import Any

import pytest

from leadops.clients.call_outcomes import HttpAnswer, Refused
from leadops.products.check_line import CheckState
from leadops.products.enrolment import ProgrammeStep
from leadops.products.hubspot.hubspot_codes import classify_hubspot
from leadops.products.hubspot.hubspot_enrolment_check import describe_workflow
from leadops.products.hubspot.hubspot_product import HubSpotProduct
from leadops.products.product_rows import EffectRow, RowState, UnsupportedCallError

from .conftest import SETTINGS

STEPS = {"webinar": {"follow_up": "77"}}
ENROLMENTS = SETTINGS.enrolments.model_copy(update={"steps": STEPS})
PRODUCT = HubSpotProduct(SETTINGS.model_copy(update={"enrolments": ENROLMENTS}))
PLACE = ProgrammeStep("webinar", "follow_up")


def effect(operation: str, **values: Any) -> EffectRow:
    return EffectRow("ma", operation, 17, "151", values, "n-k")


def enrolment(**values: Any) -> EffectRow:
    told = {"programme": "webinar", "step": "follow_up", "cycle": 2, "message_key": "m.v1", "language": "en"}
    return effect("enrol_lead", **told, subject="The subject", preview="The preview", depth="to_75", **values)


def test_an_enrolment_sets_the_message_and_the_name_in_one_call() -> None:
    call = PRODUCT.make_effect_call(enrolment())
    assert call.path == "/crm/objects/2026-09/contacts/batch/update"
    (entry,) = json.loads(call.body)["inputs"]
    assert (entry["id"], entry["properties"]) == (
        "151",
        {
            "leadops_enrolment": "webinar.follow_up.2",
            "leadops_message_key": "m.v1",
            "leadops_message_language": "en",
            "leadops_subject": "The subject",
            "leadops_preview": "The preview",
            "leadops_depth": "to_75",
        },
    )
    assert PRODUCT.is_repeatable("ma", "enrol_lead")


def test_a_step_without_a_workflow_is_a_gap() -> None:
    gap = "hubspot.enrolments.steps of products.yaml names no workflow for it"
    assert PRODUCT.find_enrolment_gap(ProgrammeStep("webinar", "next")) == gap
    with pytest.raises(UnsupportedCallError, match=r"step webinar\.next: hubspot\.enrolments"):
        PRODUCT.make_effect_call(
            EffectRow("ma", "enrol_lead", 17, "151", dict(enrolment().values, step="next"))
        )


def test_an_opt_out_goes_from_the_contact_to_its_address() -> None:
    out = effect("opt_out_lead")
    first = PRODUCT.make_effect_call(out)
    assert (first.method, "hs_email_optout" in str(first.params["properties"])) == ("GET", True)
    result = PRODUCT.read_effect_answer({"id": "151", "properties": {"email": "a+b@c.example"}}, out)
    assert result.next_call is not None
    assert (result.next_call.method, result.next_call.path, result.next_call.params) == (
        "POST",
        "/communication-preferences/2026-09/statuses/a%2Bb@c.example/unsubscribe-all",
        {"channel": "EMAIL"},
    )
    for values in ({"email": "a@c.example", "hs_email_optout": "true"}, {"email": None}, {}):
        result = PRODUCT.read_effect_answer({"id": "151", "properties": values}, out)
        assert (result.state, result.next_call) == (RowState.DONE, None)
    done = {"status": "COMPLETE", "results": [{"status": "UNSUBSCRIBED"}]}
    assert PRODUCT.read_effect_answer(done, out).state is RowState.DONE
    assert PRODUCT.read_effect_answer("?", out).state is RowState.UNKNOWN
    with pytest.raises(UnsupportedCallError):
        PRODUCT.make_effect_call(effect("opt_in_lead"))


def test_a_missing_scope_for_mails_stops_the_opt_out_alone() -> None:
    def classify(*scopes: str) -> Any:
        body = {"category": "MISSING_SCOPES", "errors": [{"context": {"requiredGranularScopes": scopes}}]}
        return classify_hubspot(HttpAnswer(403, {}, body), Refused(403, "HTTP 403"))

    mails, contacts = classify("communication_preferences.read_write"), classify("crm.objects.contacts.read")
    assert (mails.concerns_caller, contacts.concerns_caller) == (False, True)


def flow(**changes: Any) -> dict[str, Any]:
    branch = {"filters": [{"property": "leadops_enrolment", "operation": {"value": "webinar.follow_up."}}]}
    criteria = {"type": "LIST_BASED", "shouldReEnroll": True, "listFilterBranch": branch}
    return {"id": "77", "isEnabled": True, "objectTypeId": "0-1", "enrollmentCriteria": criteria} | changes


@pytest.mark.parametrize(
    ("found", "state", "word"),
    [
        (flow(), CheckState.OK, "is on"),
        (flow(isEnabled=False), CheckState.CHANGE, "is off"),
        (flow(objectTypeId="0-2"), CheckState.CHANGE, "not about contacts"),
        (flow(enrollmentCriteria={"type": "MANUAL"}), CheckState.CHANGE, "does not begin by"),
        (
            flow(enrollmentCriteria=flow()["enrollmentCriteria"] | {"shouldReEnroll": False}),
            CheckState.CHANGE,
            "allow re-enrollment",
        ),
        (
            flow(
                enrollmentCriteria=flow()["enrollmentCriteria"] | {"type": "EVENT_BASED", "shouldReEnroll": 0}
            ),
            CheckState.OK,
            "is on",
        ),
    ],
)
def test_a_workflow_has_to_begin_by_the_property_again_and_again(
    found: dict[str, Any], state: CheckState, word: str
) -> None:
    line = describe_workflow("step", found, mark="leadops_enrolment", place=PLACE)
    assert (line.state, word in line.text) == (state, True), line
