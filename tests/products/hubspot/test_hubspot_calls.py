"""The bodies that HubSpot gets, to the letter."""

import json
from typing import Any

import pytest

from leadops.products.hubspot.hubspot_calls import HubSpotCalls
from leadops.products.hubspot.hubspot_effects import HubSpotEffects
from leadops.products.product_rows import (
    Call,
    EffectRow,
    NothingToSendError,
    RowState,
    TotalRow,
    UnsupportedCallError,
)
from leadops.settings import Settings
from tests.shipped import change

from .conftest import PRODUCT, SETTINGS

CONTACTS = "/crm/objects/2026-09/contacts"


def body_of(call: Call | None) -> Any:
    assert call is not None
    return json.loads(call.body)


def effect(
    operation: str, external_id: str | None = None, lead_id: int | None = 17, **values: Any
) -> EffectRow:
    target = "crm" if operation in ("create_lead", "set_owner") else "ma"
    return EffectRow(target, operation, lead_id, external_id, values)


def test_totals_are_set_as_texts_by_record_id_with_a_trace_id_each() -> None:
    call = PRODUCT.make_total_call([TotalRow(9, 1, "151", 17), TotalRow(8, 2, "152", -3)])
    assert (call.method, call.path) == ("POST", f"{CONTACTS}/batch/update")
    assert body_of(call) == {
        "inputs": [
            {"id": "151", "properties": {"leadops_score": "17"}, "objectWriteTraceId": "1"},
            {"id": "152", "properties": {"leadops_score": "-3"}, "objectWriteTraceId": "2"},
        ]
    }


def test_names_the_version_and_the_row_of_the_ledger_are_settings() -> None:
    names: Settings = change(SETTINGS.properties, score="acme_score", seq="acme_seq")
    calls = HubSpotCalls(change(SETTINGS, api_version="2027-03", properties=names.model_dump()))
    call = calls.set_totals([TotalRow(9, 1, "151", 17)])
    assert call.path == "/crm/objects/2027-03/contacts/batch/update"
    assert body_of(call)["inputs"][0]["properties"] == {"acme_score": "17", "acme_seq": "9"}


def test_a_lead_is_made_by_the_property_of_our_own() -> None:
    utm = {"source": "ads", "term": ""}
    call = PRODUCT.make_effect_call(
        effect("upsert_lead", email="a@b.example", firstName="Aoi", utm=utm, externalId="17")
    )
    assert call.path == f"{CONTACTS}/batch/upsert"
    assert body_of(call) == {
        "inputs": [
            {
                "id": "17",
                "idProperty": "leadops_id",
                "properties": {"firstname": "Aoi", "email": "a@b.example"},
                "objectWriteTraceId": "17",
            }
        ]
    }


def test_facts_go_where_the_settings_say() -> None:
    facts = SETTINGS.facts | {"utm_source": "first_source", "firstName": None}
    calls = HubSpotCalls(change(SETTINGS, facts=facts))
    values = {"firstName": "Aoi", "company": "Acme", "utm": {"source": "ads", "medium": None}}
    assert calls.map_facts(values) == {"company": "Acme", "first_source": "ads"}


def test_fields_and_owners_are_set_and_an_erasure_forgets() -> None:
    settings = change(SETTINGS, facts=SETTINGS.facts | {"ml_score": "leadops_ml"})
    effects = HubSpotEffects(settings, HubSpotCalls(settings))
    with pytest.raises(NothingToSendError, match="ml_score"):
        PRODUCT.make_effect_call(effect("set_fields", "151", fields={"ml_score": 0.25}))
    fields = effects.make_call(effect("set_fields", "151", fields={"ml_score": 0.25}))
    assert body_of(fields)["inputs"][0]["properties"] == {"leadops_ml": "0.25"}
    owner = PRODUCT.make_effect_call(effect("set_owner", "151", owner_id="42"))
    assert body_of(owner)["inputs"] == [
        {"id": "151", "properties": {"hubspot_owner_id": "42"}, "objectWriteTraceId": "151"}
    ]
    gone = PRODUCT.make_effect_call(effect("erase_lead", "151"))
    assert (gone.path, body_of(gone)) == (f"{CONTACTS}/gdpr-delete", {"objectId": "151"})
    with pytest.raises(UnsupportedCallError):
        PRODUCT.make_effect_call(effect("correct_score", "151"))
    with pytest.raises(UnsupportedCallError):
        PRODUCT.make_effect_call(effect("upsert_lead", lead_id=None, email="a@b.example"))


def test_a_contact_that_has_the_address_already_gets_our_id() -> None:
    answer = {"message": "Contact already exists. Existing ID: 151", "category": "CONFLICT"}
    found = PRODUCT.read_effect_answer(answer, effect("upsert_lead", email="a@b.example"))
    assert (found.state, found.external_id) == (RowState.AGAIN, "151")
    assert body_of(found.next_call)["inputs"] == [
        {"id": "151", "properties": {"leadops_id": "17"}, "objectWriteTraceId": "151"}
    ]
    done = PRODUCT.read_effect_answer({"results": [{"id": "151"}]}, effect("upsert_lead"))
    assert (done.state, done.external_id, done.next_call) == (RowState.DONE, "151", None)


@pytest.mark.parametrize(
    ("known", "status", "changes"),
    [
        ("17", None, {"hs_lead_status": "NEW"}),
        ("17", "UNQUALIFIED", {"hs_lead_status": "NEW"}),
        # Sales are at work on it.
        ("17", "IN_PROGRESS", None),
        ("17", "NEW", None),
        (None, "IN_PROGRESS", {"leadops_id": "17"}),
        ("", "", {"leadops_id": "17", "hs_lead_status": "NEW"}),
    ],
)
def test_a_lead_goes_to_sales_as_new_unless_they_are_at_work_on_it(
    known: str | None, status: str | None, changes: dict[str, str] | None
) -> None:
    asked = effect("create_lead", email="a@b.example")
    first = PRODUCT.read_effect_answer({"results": [{"id": "151", "properties": {"email": "a"}}]}, asked)
    assert (first.state, first.external_id) == (RowState.AGAIN, "151")
    assert first.next_call == Call(
        "GET", f"{CONTACTS}/151", params={"properties": "leadops_score,leadops_id,hs_lead_status"}
    )
    contact = {"id": "151", "properties": {"leadops_id": known, "hs_lead_status": status}}
    second = PRODUCT.read_effect_answer(contact, asked)
    assert second.external_id == "151"
    if changes is None:
        assert (second.state, second.next_call) == (RowState.DONE, None)
        return
    assert second.state is RowState.AGAIN
    assert body_of(second.next_call)["inputs"][0]["properties"] == changes
    answer = {"results": [{"id": "151", "properties": changes}]}
    third = PRODUCT.read_effect_answer(answer, asked)
    if "hs_lead_status" in changes:
        assert (third.state, third.external_id, third.next_call) == (RowState.DONE, "151", None)


def test_a_lead_as_hubspot_has_it() -> None:
    contact = {"id": "151", "properties": {"leadops_score": "17", "leadops_id": "17"}}
    assert PRODUCT.read_lead(contact, "151").score == 17
    merged = PRODUCT.read_lead(contact, "150").absence
    assert merged is not None
    assert merged.merged_into == "151"
    # A property that was never written is empty; one that does not exist is missing.
    assert PRODUCT.read_lead({"id": "151", "properties": {"leadops_score": None}}, "151").score == 0
    assert PRODUCT.read_lead({"id": "151", "properties": {"leadops_score": "1.5"}}, "151").score is None
    assert PRODUCT.read_lead({"id": "151", "properties": {}}, "151").score is None


def test_a_page_of_the_list() -> None:
    listed = {"id": "151", "properties": {"leadops_score": "17", "email": "a@b.example", "leadops_id": "3"}}
    page = {"results": [listed, {"id": "2", "properties": {}}, "x"], "paging": {"next": {"after": "152"}}}
    leads, cursor = PRODUCT.read_list(page)
    assert cursor == "152"
    assert (leads[0].external_id, leads[0].score, leads[0].email, leads[0].our_id) == (
        "151",
        17,
        "a@b.example",
        "3",
    )
    assert [lead.external_id for lead in leads[1:]] == ["2", None]
    assert PRODUCT.read_list({"results": []}) == ([], None)
    assert PRODUCT.make_list_call("152").params["after"] == "152"
