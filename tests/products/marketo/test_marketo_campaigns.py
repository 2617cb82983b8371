"""Requests of smart campaigns, as Marketo's contract has them, and what tells whether one took place."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.clients.call_outcomes import Answered, HttpAnswer
from leadops.products.check_line import CheckState
from leadops.products.marketo.marketo_campaign_check import describe_campaign
from leadops.products.marketo.marketo_product import MarketoProduct
from leadops.products.product_rows import EffectRow, RowState
from tests.leadops_sandbox.products.marketo import contract
from tests.shipped import SHIPPED

SETTINGS = SHIPPED.products.marketo
STEPS = {"webinar": {"follow_up": "1001"}}
PRODUCT = MarketoProduct(
    SETTINGS.model_copy(update={"enrolments": SETTINGS.enrolments.model_copy(update={"steps": STEPS})})
)
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def enrolment(**values: Any) -> EffectRow:
    told = {"programme": "webinar", "step": "follow_up", "cycle": 1, "message_key": "m.v1", "language": "en"}
    told |= {"subject": "Subject", "preview": "Preview", "depth": None}
    return EffectRow("ma", "enrol_lead", 17, "50", told | values, "n-k")


def answer(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"requestId": "1", "success": True, "result": list(rows)} | more


def test_a_campaign_is_requested_with_the_tokens_that_have_a_value() -> None:
    call = PRODUCT.make_effect_call(enrolment())
    assert (call.method, call.path) == ("POST", "/rest/v1/campaigns/1001/trigger.json")
    assert json.loads(call.body) == {
        "input": {
            "leads": [{"id": 50}],
            "tokens": [
                {"name": "{{my.leadopsMessageKey}}", "value": "m.v1"},
                {"name": "{{my.leadopsLanguage}}", "value": "en"},
                {"name": "{{my.leadopsSubject}}", "value": "Subject"},
                {"name": "{{my.leadopsPreview}}", "value": "Preview"},
            ],
        }
    }


@pytest.mark.real_data
@pytest.mark.skipif(not contract.IS_THERE, reason=f"{contract.FOLDER}: Marketo's contract is not there")
def test_the_contract_has_these_calls() -> None:
    lookup = PRODUCT.make_effect_lookup(enrolment())
    out = PRODUCT.make_effect_call(EffectRow("ma", "opt_out_lead", 17, "50", {}))
    for call in (PRODUCT.make_effect_call(enrolment(depth="to_75")), lookup, out):
        assert call is not None
        contract.check_request(call.method.lower(), call.path, {}, json.loads(call.body or "null"))


def test_only_a_request_is_not_repeatable_and_is_looked_up() -> None:
    operations = ("enrol_lead", "opt_out_lead", "set_fields", "upsert_lead")
    assert [PRODUCT.is_repeatable("ma", operation) for operation in operations] == [False, True, True, True]
    assert PRODUCT.make_effect_lookup(EffectRow("ma", "opt_out_lead", 17, "50", {})) is None


def test_what_a_request_came_to() -> None:
    state = lambda body: PRODUCT.read_effect_answer(body, enrolment()).state  # noqa: E731
    assert state(answer({"id": 1001})) is RowState.DONE
    assert state(answer({"id": 1002})) is RowState.UNKNOWN
    assert state(answer()) is RowState.UNKNOWN
    refused = {"success": False, "errors": [{"code": "1004", "message": "Lead [50] not found"}]}
    outcome = PRODUCT.classify_answer(HttpAnswer(200, {}, refused), Answered(200, refused))
    assert isinstance(outcome, Answered), "the lead may have been merged: the log of merges says it"
    assert state(refused) is RowState.MOVED


@pytest.mark.parametrize(
    ("cycle", "rows", "more", "took_place"),
    [
        (1, [(1001, 500)], {}, True),
        (1, [(1002, 0)], {}, False),
        (1, [], {}, False),
        (1, [(1002, 0)], {"moreResult": True}, None),
        (1, [], {"success": False}, None),
        (2, [(1001, 500)], {}, False),
        (2, [(1001, 1)], {}, True),
        (2, [(1001, -60)], {}, True),
    ],
)
def test_a_membership_tells_whether_the_request_arrived(
    cycle: int, rows: list[tuple[int, int]], more: dict[str, Any], took_place: bool | None
) -> None:
    """In a later cycle only one from about the time of the request on: `rows` say minutes before it."""
    body = answer(
        *(
            {"smartCampaignId": number, "updatedAt": (NOW - timedelta(minutes=minutes)).isoformat()}
            for number, minutes in rows
        ),
        **more,
    )
    assert PRODUCT.read_effect_lookup(body, enrolment(cycle=cycle), since=NOW) is took_place


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, CheckState.OK),
        ({"qualificationRuleType": "interval", "qualificationRuleInterval": 30}, CheckState.OK),
        ({"qualificationRuleType": "any"}, CheckState.CHANGE),
        ({"isActive": False}, CheckState.CHANGE),
        ({"isRequestable": False}, CheckState.CHANGE),
    ],
)
def test_a_campaign_has_to_take_nobody_twice(changes: dict[str, Any], state: CheckState) -> None:
    found = {"isActive": True, "isRequestable": True, "qualificationRuleType": "once"} | changes
    assert describe_campaign("step", "1001", found).state is state
    assert describe_campaign("step", "1001", None).state is CheckState.CHANGE
