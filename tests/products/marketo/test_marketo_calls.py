"""The bodies of our calls, and what Marketo's published contract says of them."""

import json
from typing import Any

import pytest

from leadops.products.marketo.marketo_calls import MarketoCalls
from leadops.products.marketo.marketo_product import MarketoProduct
from leadops.products.product_rows import Call, EffectRow, TotalRow, UnsupportedCallError
from tests.leadops_sandbox.products.marketo import contract
from tests.shipped import SHIPPED

SETTINGS = SHIPPED.products.marketo
PRODUCT = MarketoProduct(SETTINGS)


def effect(operation: str, external_id: str | None = None, **values: Any) -> EffectRow:
    return EffectRow("ma", operation, 7, external_id, values)


def body(call: Call) -> Any:
    return json.loads(call.body)


def test_totals_are_set_by_id() -> None:
    call = PRODUCT.make_total_call([TotalRow(9, 1, "50", 17), TotalRow(12, 2, "51", -3)])
    assert (call.method, call.path) == ("POST", "/rest/v1/leads.json")
    assert body(call) == {
        "action": "updateOnly",
        "lookupField": "id",
        "input": [{"id": 50, "leadopsScore": 17}, {"id": 51, "leadopsScore": -3}],
    }


def test_the_row_of_the_ledger_stands_beside_the_score_where_it_has_a_field() -> None:
    fields = SETTINGS.fields.model_copy(update={"seq": "leadopsScoreSeq"})
    calls = MarketoCalls(SETTINGS.model_copy(update={"fields": fields}))
    assert body(calls.set_totals([TotalRow(9, 1, "50", 17)]))["input"] == [
        {"id": 50, "leadopsScore": 17, "leadopsScoreSeq": 9}
    ]
    assert str(calls.find_leads(["50"]).params["fields"]).endswith(",leadopsScore,leadopsScoreSeq")


def test_300_totals_are_far_below_a_megabyte() -> None:
    rows = [TotalRow(2**53, lead, str(2**31 - 1 - lead), -(2**53)) for lead in range(PRODUCT.row_limit)]
    assert len(PRODUCT.make_total_call(rows).body) < 30_000


def test_a_lead_is_made_by_its_address() -> None:
    lead = effect(
        "upsert_lead",
        email="a@b.example",
        firstName="Ada",
        company="not mapped",
        externalId="7",
        utm={"source": "news"},
    )
    assert body(PRODUCT.make_effect_call(lead)) == {
        "action": "createOrUpdate",
        "lookupField": "email",
        "input": [{"email": "a@b.example", "firstName": "Ada", "leadopsId": "7"}],
    }
    facts = dict(SETTINGS.facts) | {"utm_source": "leadSource"}
    calls = MarketoCalls(SETTINGS.model_copy(update={"partition": "EMEA", "facts": facts}))
    made = body(calls.upsert_lead(lead))
    assert (made["partitionName"], made["input"][0]["leadSource"]) == ("EMEA", "news")


def test_facts_are_set_where_they_have_a_field() -> None:
    facts = dict(SETTINGS.facts) | {"ml_score": "leadopsMlScore"}
    calls = MarketoCalls(SETTINGS.model_copy(update={"facts": facts}))
    call = calls.set_fields(effect("set_fields", "50", fields={"ml_score": 0.25}))
    assert body(call)["input"] == [{"id": 50, "leadopsMlScore": 0.25}]


def test_what_marketo_cannot_do_is_said() -> None:
    for wrong in (
        effect("correct_score", "50"),
        effect("set_fields", "00Q5e", fields={"firstName": "Ada"}),
        EffectRow("crm", "create_lead", 7, None, {"email": "a@b.example"}),
    ):
        with pytest.raises(UnsupportedCallError):
            PRODUCT.make_effect_call(wrong)
    with pytest.raises(UnsupportedCallError, match="no calls for a list of all leads"):
        PRODUCT.make_list_call(None)


def test_300_ids_fit_into_an_address() -> None:
    call = PRODUCT.calls.find_leads([str(2**31 - 1)] * 300)
    assert len(str(call.params["filterValues"]).replace(",", "%2C")) < 8_192 - 500


@pytest.mark.real_data
@pytest.mark.skipif(
    not contract.IS_THERE, reason=f"{contract.FOLDER}: Marketo's contract is not there (LEADOPS_SPECS)"
)
def test_the_published_contract_has_each_of_our_calls() -> None:
    calls = [
        PRODUCT.make_total_call([TotalRow(9, 1, "50", 17)]),
        PRODUCT.make_effect_call(effect("upsert_lead", email="a@b.example", externalId="7")),
        PRODUCT.make_effect_call(effect("set_fields", "50", fields={"firstName": "Ada"})),
        PRODUCT.make_effect_call(effect("erase_lead", "50")),
        PRODUCT.make_lead_call("50"),
        PRODUCT.make_quota_call(),
        PRODUCT.make_ping_call("ma"),
        Call("GET", "/rest/v1/leads/describe2.json"),
    ]
    for call in calls:
        query = {name: str(value) for name, value in call.params.items()}
        contract.check_request(call.method.lower(), call.path, query, json.loads(call.body or "null"))
