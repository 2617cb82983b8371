"""What Salesforce answers to collections of leads, values written out by hand."""

from typing import Any

import pytest

from .conftest import DATA, NO_RULES, SalesforceCaller, lead

#: The world's first lead and those after it.
FIRST, STEP = 48_211, 7


def codes(answer: Any) -> list[str]:
    """The outcome of each record: ok, or its code."""
    return ["ok" if row["success"] else row["errors"][0]["statusCode"] for row in answer.json()]


def test_an_upsert_makes_a_lead_once_and_answers_in_the_order_of_the_call(
    salesforce: SalesforceCaller,
) -> None:
    first = salesforce.upsert(lead(2, LeadOps_Score__c=17), lead(1, LeadOps_Score__c=3)).json()
    again = salesforce.upsert(lead(1, LeadOps_Score__c=4), lead(2, LeadOps_Score__c=17)).json()
    assert [row["created"] for row in first] == [True, True]
    assert [row["created"] for row in again] == [False, False]
    assert [row["id"] for row in again] == [first[1]["id"], first[0]["id"]]
    assert all(row["id"].startswith("00Q") and len(row["id"]) == 18 for row in first)
    assert salesforce.score(first[0]["id"]) == 17.0
    assert salesforce.running.admin("GET", "/_state").json()["ma"]["sum_of_scores"] == 21


def test_one_locked_row_of_two_hundred_fails_alone(salesforce: SalesforceCaller) -> None:
    salesforce.fault("unable_to_lock_row", rows=["lead-77"], count=1)
    records = [lead(number, LeadOps_Score__c=1) for number in range(200)]
    answer = salesforce.upsert(*records)
    assert answer.status_code == 200
    assert codes(answer).count("ok") == 199
    assert answer.json()[77] == {
        "success": False,
        "created": False,
        "errors": [
            {
                "statusCode": "UNABLE_TO_LOCK_ROW",
                "message": "unable to obtain exclusive access to this record",
                "fields": [],
            }
        ],
    }
    assert codes(salesforce.upsert(records[77])) == ["ok"]
    too_many = salesforce.upsert(*records, lead(200))
    assert (too_many.status_code, too_many.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")


def test_all_or_none_rolls_the_others_back(salesforce: SalesforceCaller) -> None:
    answer = salesforce.upsert(lead(1), {"LeadOps_Id__c": "lead-2", "LastName": "B"}, allOrNone=True)
    assert codes(answer) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert salesforce.rows("SELECT Id FROM Lead") == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"No_Such__c": 1}, "INVALID_FIELD"),
        ({"Rating": "Hot"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"LeadOps_Score__c": "many"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"FirstName": "x" * 41}, "STRING_TOO_LONG"),
        ({"OwnerId": "005000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_a_field_that_is_not_taken_fails_its_row(
    salesforce: SalesforceCaller, fields: dict[str, Any], code: str
) -> None:
    answer = salesforce.upsert(lead(1, **fields), lead(2))
    assert codes(answer) == [code, "ok"]


def test_one_external_id_twice_fails_both_rows(salesforce: SalesforceCaller) -> None:
    answer = salesforce.upsert(lead(1), lead(1, LeadOps_Score__c=2), lead(2))
    assert codes(answer) == ["DUPLICATE_VALUE", "DUPLICATE_VALUE", "ok"]


def test_updates_by_id_know_malformed_foreign_and_deleted_ids(salesforce: SalesforceCaller) -> None:
    first, second = salesforce.make(1), salesforce.make(2)
    salesforce("DELETE", f"{DATA}/sobjects/Lead/{second}")
    answer = salesforce.update(
        {"id": first, "LeadOps_Score__c": 5},
        {"id": second, "LeadOps_Score__c": 5},
        {"Id": "00Q000000000001EAA"},
        {"id": "nobody"},
    )
    assert codes(answer) == ["ok", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    assert salesforce.score(first[:15]) == 5.0


def test_a_converted_lead_is_changed_through_its_contact(salesforce: SalesforceCaller) -> None:
    """Salespeople convert a lead that they win."""
    made = salesforce.make(1, LeadOps_Score__c=3)
    salesforce.act(FIRST, "status", status="won")
    assert codes(salesforce.upsert(lead(1, LeadOps_Score__c=9))) == ["CANNOT_UPDATE_CONVERTED_LEAD"]
    assert codes(salesforce.update({"id": made, "LeadOps_Score__c": 9})) == ["CANNOT_UPDATE_CONVERTED_LEAD"]
    row = salesforce.rows("SELECT Id, IsConverted, ConvertedContactId, Status FROM Lead")[0]
    assert row["IsConverted"] is True
    assert row["Status"] == "Closed - Converted"
    contact = row["ConvertedContactId"]
    assert contact.startswith("003")
    assert codes(salesforce.update({"id": contact, "LeadOps_Score__c": 9}, sobject="Contact")) == ["ok"]
    assert salesforce.rows(f"SELECT LeadOps_Score__c FROM Contact WHERE Id = '{contact}'") == [
        {"LeadOps_Score__c": 9.0}
    ]


def test_the_assignment_rule_takes_the_owner_unless_it_is_turned_off(salesforce: SalesforceCaller) -> None:
    aoi = salesforce.rows("SELECT Id FROM User WHERE Email = 'aoi.tanaka@sales.example'")[0]["Id"]
    james = salesforce.rows("SELECT Id FROM User WHERE Email = 'james.lee@sales.example'")[0]["Id"]

    def owner() -> str:
        return str(salesforce.rows("SELECT OwnerId FROM Lead")[0]["OwnerId"])

    salesforce.upsert(lead(1, OwnerId=aoi), headers={})
    assert owner() == james
    salesforce.upsert(lead(1, OwnerId=aoi), headers=NO_RULES)
    assert owner() == aoi
    salesforce.upsert(lead(1, LeadOps_Score__c=5), headers={"Sforce-Auto-Assign": "TRUE"})
    assert owner() == james


def test_the_duplicate_rule_is_overruled_by_a_header_only_where_it_alerts(
    salesforce: SalesforceCaller,
) -> None:
    first = salesforce.make(1, Email="a@b.example")
    twin = lead(2, Email="A@b.example")
    assert codes(salesforce.upsert(twin)) == ["DUPLICATES_DETECTED"]
    single = salesforce("POST", f"{DATA}/sobjects/Lead", twin, headers=NO_RULES)
    assert single.status_code == 400
    match = single.json()[0]["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"]
    assert match["Id"] == first
    allow = NO_RULES | {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    salesforce.running.admin("POST", "/_settings", {"product": {"duplicate_rule": "block"}})
    assert codes(salesforce.upsert(twin, headers=allow)) == ["DUPLICATES_DETECTED"]
    salesforce.running.admin("POST", "/_settings", {"product": {"duplicate_rule": "alert"}})
    assert codes(salesforce.upsert(twin, headers=allow)) == ["ok"]


def test_retrieving_gives_null_for_what_is_not_there(salesforce: SalesforceCaller) -> None:
    made = salesforce.make(1, LeadOps_Score__c=3)
    body = {"ids": ["00Q000000000001EAA", made], "fields": ["LeadOps_Score__c"]}
    missing, found = salesforce("POST", f"{DATA}/composite/sobjects/Lead", body).json()
    assert missing is None
    assert (found["Id"], found["LeadOps_Score__c"]) == (made, 3.0)


def test_single_records_are_upserted_and_several_matches_are_300(salesforce: SalesforceCaller) -> None:
    path = f"{DATA}/sobjects/Lead/LeadOps_Id__c/lead-1"
    fields = {"LastName": "A", "Company": "Acme"}
    made = salesforce("PATCH", path, fields, headers=NO_RULES)
    assert (made.status_code, made.json()["created"]) == (201, True)
    same = salesforce("PATCH", path, {"LeadOps_Score__c": 4}, headers=NO_RULES)
    assert (same.status_code, same.json()["created"]) == (200, False)
    twin = salesforce.make(2)
    # A merge that was undone by hand: two leads with one external id.
    assert codes(salesforce.update({"id": twin, "LeadOps_Id__c": "lead-1"})) == ["ok"]
    assert salesforce("PATCH", path, {"LeadOps_Score__c": 5}).status_code == 300
    assert codes(salesforce.upsert(lead(1))) == ["DUPLICATE_EXTERNAL_ID"]
