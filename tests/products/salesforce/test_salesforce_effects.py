"""What single answers to effects come to, written by hand; test_effects_arrive.py has the whole way."""

import json
from typing import Any

import pytest

from leadops.products.product_rows import (
    Call,
    EffectRow,
    NothingToSendError,
    RowResult,
    RowState,
    UnsupportedCallError,
)
from leadops.products.salesforce.salesforce_effects import find_match, form_effect, read_effect
from tests.products.salesforce.conftest import SETTINGS

LEAD, CONTACT, OWNER = "00Q000000000001EAA", "003000000000001AAA", "005000000000001AAA"
NO_RULES = {"Sforce-Auto-Assign": "FALSE"}


def upsert(**values: Any) -> EffectRow:
    return EffectRow("ma", "upsert_lead", 7, None, {"email": "a@b.example", "externalId": "7"} | values)


def owner(external_id: str = LEAD, target: str = "crm") -> EffectRow:
    return EffectRow(target, "set_owner", 7, external_id, {"owner_id": OWNER, "idempotency_key": "k"})


def row_error(code: str, message: str = "", *fields: str) -> list[dict[str, Any]]:
    return [
        {
            "success": False,
            "errors": [{"statusCode": code, "message": message, "fields": list(fields)}],
        }
    ]


def record(**values: Any) -> dict[str, Any]:
    return {"records": [{"Id": LEAD, "Email": "A@b.example", "IsDeleted": False} | values]}


def read(body: Any, effect: EffectRow) -> RowResult:
    return read_effect(SETTINGS, body, effect)


def asked(result: RowResult) -> Call:
    assert (result.state, result.next_call is not None) == (RowState.AGAIN, True)
    assert result.next_call is not None
    return result.next_call


def test_a_new_lead_has_an_external_id_its_facts_and_placeholders_for_what_is_demanded() -> None:
    call = form_effect(SETTINGS, upsert(firstName="Jo", utm={"source": "x"}, company=None, lastName=""))
    assert (call.method, call.path) == ("POST", "/services/data/v66.0/sobjects/Lead")
    assert call.headers == NO_RULES | {"Sforce-Duplicate-Rule-Header": "allowSave=false"}
    assert json.loads(call.body) == {
        "LastName": "[not provided]",
        "Company": "[not provided]",
        "LeadOps_Id__c": "7",
        "Email": "a@b.example",
        "FirstName": "Jo",
    }


def test_a_lead_of_the_crm_has_the_same_external_id_and_may_get_a_status() -> None:
    effect = EffectRow("crm", "create_lead", 7, None, {"email": "a@b.example", "source": "web"})
    settings = SETTINGS.model_copy(update={"new_lead_status": "Open", "allow_duplicates": True})
    call = form_effect(settings, effect)
    body = json.loads(call.body)
    assert (body["LeadOps_Id__c"], body["LeadSource"], body["Status"]) == ("7", "web", "Open")
    assert call.headers["Sforce-Duplicate-Rule-Header"] == "allowSave=true"
    assert "Status" not in json.loads(form_effect(settings, upsert()).body)


def test_facts_go_where_the_settings_say() -> None:
    facts = SETTINGS.facts | {"utm_source": "Utm__c", "ml_score": "Ml__c"}
    settings = SETTINGS.model_copy(update={"facts": facts})
    body = json.loads(form_effect(settings, upsert(utm={"source": "x", "odd": "y"})).body)
    assert body["Utm__c"] == "x"
    effect = EffectRow("ma", "set_fields", 7, LEAD, {"fields": {"ml_score": 0.25, "other": 1}})
    call = form_effect(settings, effect)
    assert json.loads(call.body) == {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Lead"}, "id": LEAD, "Ml__c": 0.25}],
    }


def test_facts_without_a_field_make_no_call() -> None:
    with pytest.raises(NothingToSendError, match=r"salesforce\.facts of products\.yaml"):
        form_effect(SETTINGS, EffectRow("ma", "set_fields", 7, LEAD, {"fields": {"ml_score": 0.25}}))


def test_a_contact_gets_no_fields_that_it_does_not_have() -> None:
    found = record(IsConverted=True, ConvertedContactId=CONTACT)
    call = asked(read(found, upsert(company="Acme", lastName="Doe")))
    (row,) = json.loads(call.body)["records"]
    assert row == {
        "attributes": {"type": "Contact"},
        "id": CONTACT,
        "LeadOps_Id__c": "7",
        "Email": "a@b.example",
        "LastName": "Doe",
    }


@pytest.mark.parametrize("operation", ["correct_score", "upsert", "set_owner", "erase_lead"])
def test_what_has_no_call_or_lacks_its_id_is_unsupported(operation: str) -> None:
    external_id = LEAD if operation == "correct_score" else None
    with pytest.raises(UnsupportedCallError):
        form_effect(SETTINGS, EffectRow("ma", operation, 7, external_id, {}))


def test_a_created_lead_is_done_with_its_id_in_18_characters() -> None:
    body = {"id": "00Q000000000001", "success": True, "errors": []}
    assert read(body, upsert()) == RowResult(RowState.DONE, external_id=LEAD)
    assert read({"id": None, "success": True}, upsert()).state is RowState.UNKNOWN
    assert read([{"id": LEAD, "success": True, "errors": []}], owner()).state is RowState.DONE
    assert read(None, owner()).state is RowState.DONE


def test_an_external_id_that_is_there_is_looked_for() -> None:
    message = f"duplicate value found: LeadOps_Id__c duplicates value on record with id: {LEAD}"
    call = asked(read([{"errorCode": "DUPLICATE_VALUE", "message": message, "fields": []}], upsert()))
    assert call.path == "/services/data/v66.0/query"
    assert str(call.params["q"]).endswith("FROM Lead WHERE LeadOps_Id__c = '7'")
    other = [{"errorCode": "DUPLICATE_VALUE", "message": "duplicate value found: Vat__c duplicates …"}]
    assert read(other, upsert()).state is RowState.DEAD


def test_the_lead_that_is_found_is_updated_if_it_has_the_address() -> None:
    result = read(record(), upsert(lastName="Doe"))
    call = asked(result)
    assert (call.method, call.path) == ("PATCH", "/services/data/v66.0/composite/sobjects")
    assert result.external_id == LEAD
    assert "not provided" not in call.body
    assert read(record(Email="other@b.example"), upsert()).state is RowState.DEAD
    assert asked(read(record(Email=None, LeadOps_Id__c="7"), upsert()))
    several = {"records": [record()["records"][0]] * 2}
    assert str(read(several, upsert()).reason).startswith("several leads in Salesforce")
    unseen = read({"records": []}, upsert())
    assert (unseen.state, "does not see it" in str(unseen.reason)) == (RowState.DEAD, True)


@pytest.mark.parametrize("external_id", [None, "8"])
def test_a_match_without_an_address_is_nobodys_to_take(external_id: str | None) -> None:
    """A duplicate rule may compare names: the record may be that of another John Doe."""
    found = read(record(Email=None, LeadOps_Id__c=external_id), upsert(lastName="Doe"))
    assert (found.state, found.next_call) == (RowState.DEAD, None)
    assert str(found.reason).startswith(
        "a duplicate rule of your Salesforce finds a record without an address"
    )


@pytest.mark.parametrize("key", ["duplicateResult", "duplicateResut"])
def test_the_only_match_of_a_duplicate_rule_is_looked_at(key: str) -> None:
    def answer(*ids: str) -> list[dict[str, Any]]:
        matches = [{"matchConfidence": 100.0, "record": {"Id": record_id}} for record_id in ids]
        result = {"matchResults": [{"matchRecords": matches}]}
        return [{"errorCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", key: result}]

    call = asked(read(answer(LEAD), upsert()))
    assert str(call.params["q"]).endswith(f"FROM Lead WHERE Id = '{LEAD}'")
    assert str(asked(read(answer(CONTACT), upsert())).params["q"]).endswith(
        f"FROM Contact WHERE Id = '{CONTACT}'"
    )
    assert read(answer(LEAD, CONTACT), upsert()).state is RowState.DEAD
    assert find_match(answer()) is None
    assert find_match([{key: {"matchResults": None}}]) is None


@pytest.mark.parametrize(
    "code", ["CANNOT_UPDATE_CONVERTED_LEAD", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"]
)
def test_a_record_that_cannot_be_written_is_looked_up(code: str) -> None:
    call = asked(read(row_error(code, "…"), owner()))
    assert call.path == "/services/data/v66.0/queryAll"
    assert str(call.params["q"]).endswith(f"FROM Lead WHERE Id = '{LEAD}'")


def test_what_stands_for_the_record_is_written_instead() -> None:
    result = read(record(IsConverted=True, ConvertedContactId=CONTACT), owner())
    (row,) = json.loads(asked(result).body)["records"]
    assert row == {"attributes": {"type": "Contact"}, "id": CONTACT, "OwnerId": OWNER}
    assert result.external_id == CONTACT
    master = "00Q000000000002EAA"
    merged = read(record(IsDeleted=True, MasterRecordId=master), owner())
    assert merged.external_id == master


def test_in_the_ma_the_effect_waits_for_the_lead_that_stands_for_it() -> None:
    result = read(record(IsConverted=True, ConvertedContactId=CONTACT), owner(target="ma"))
    assert (result.state, result.absence and result.absence.merged_into) == (RowState.GONE, CONTACT)
    gone = read(record(IsDeleted=True, MasterRecordId=None), owner())
    assert (gone.state, gone.absence and gone.absence.word) == (RowState.GONE, "deleted")
    assert read({"records": []}, owner()).state is RowState.GONE
    assert read(record(), owner()).state is RowState.DEAD


def test_an_erasure_deletes_all_that_is_left() -> None:
    erase = EffectRow("crm", "erase_lead", 7, CONTACT, {})
    assert str(form_effect(SETTINGS, erase).params["q"]).endswith(f"WHERE ConvertedContactId = '{CONTACT}'")
    call = asked(read({"records": [{"Id": LEAD, "ConvertedContactId": CONTACT}]}, erase))
    assert (call.method, call.params) == ("DELETE", {"ids": f"{CONTACT},{LEAD}", "allOrNone": "false"})
    done = [{"id": LEAD, "success": True, "errors": []}]
    assert read(done + row_error("ENTITY_IS_DELETED"), erase).state is RowState.DONE
    assert read(done + row_error("DELETE_FAILED", "it has children"), erase).state is RowState.DEAD
    assert read(done + row_error("UNABLE_TO_LOCK_ROW"), erase).state is RowState.AGAIN
    assert read([{"success": False, "errors": []}], erase).state is RowState.UNKNOWN


@pytest.mark.parametrize("body", [[], [{}], [{"success": False, "errors": []}], {}, "text", [7], 7])
def test_an_answer_that_says_nothing_is_unknown(body: Any) -> None:
    assert read(body, owner()).state is RowState.UNKNOWN
