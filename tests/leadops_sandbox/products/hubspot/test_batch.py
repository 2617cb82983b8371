"""What HubSpot answers to batches of contacts, values written out by hand."""

import json
from typing import Any

import pytest

from .conftest import HubSpotCaller


def row(contact_id: str, score: str, trace: str | None = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"id": contact_id, "properties": {"leadops_score": score}} | more
    return made if trace is None else made | {"objectWriteTraceId": trace}


def test_an_upsert_by_our_id_makes_one_contact_and_sets_its_score(hubspot: HubSpotCaller) -> None:
    entry = {"id": "lead-1", "idProperty": "leadops_id", "objectWriteTraceId": "t1"}
    first = hubspot.batch("upsert", entry | {"properties": {"email": "A@b.example", "leadops_score": "17"}})
    again = hubspot.batch("upsert", entry | {"properties": {"leadops_score": "17"}})
    assert (first.status_code, again.status_code) == (200, 200)
    made, same = first.json()["results"][0], again.json()["results"][0]
    assert (made["new"], same["new"]) == (True, False)
    assert made["id"] == same["id"]
    assert made["objectWriteTraceId"] == "t1"
    assert made["properties"]["leadops_score"] == "17"
    assert made["properties"]["email"] == "a@b.example"
    assert hubspot.running.admin("GET", "/_state").json()["ma"]["sum_of_scores"] == 17
    hubspot.running.restart(product="hubspot")
    assert hubspot.score(made["id"]) == "17"


def test_a_missing_contact_fails_alone(hubspot: HubSpotCaller) -> None:
    known = hubspot.make(1)
    answer = hubspot.batch("update", row(known, "5"), row("9", "6"))
    assert answer.status_code == 207
    body = answer.json()
    assert body["status"] == "COMPLETE"
    assert [result["id"] for result in body["results"]] == [known]
    assert body["numErrors"] == 1
    assert body["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert body["errors"][0]["context"] == {"ids": ["9"]}
    traced = hubspot.batch("update", row(known, "5", "a"), row("9", "6", "b")).json()
    assert traced["errors"][0]["context"] == {"ids": ["9"], "objectWriteTraceId": ["b"]}


def test_a_bad_value_fails_alone_only_where_every_row_has_its_trace_id(hubspot: HubSpotCaller) -> None:
    first, second = hubspot.make(1), hubspot.make(2)
    whole = hubspot.batch("update", row(first, "5"), row(second, "five"))
    assert whole.status_code == 400
    assert whole.json()["category"] == "VALIDATION_ERROR"
    assert hubspot.score(first) is None
    same_trace = hubspot.batch("update", row(first, "5", "a"), row(second, "five", "a"))
    assert same_trace.status_code == 400
    traced = hubspot.batch("update", row(first, "5", "a"), row(second, "five", "b"))
    assert traced.status_code == 207
    assert traced.json()["errors"][0]["context"]["objectWriteTraceId"] == ["b"]
    message = traced.json()["errors"][0]["message"]
    prefix = "Property values were not valid: "
    assert message.startswith(prefix)
    assert json.loads(message.removeprefix(prefix))[0]["error"] == "INVALID_DOUBLE"
    assert (hubspot.score(first), hubspot.score(second)) == ("5", None)


@pytest.mark.parametrize(
    ("properties", "error"),
    [
        ({"no_such": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"hubspotscore": "1"}, "READ_ONLY_VALUE"),
        ({"hs_lead_status": "WHATEVER"}, "INVALID_OPTION"),
        ({"hubspot_owner_id": "1"}, "INVALID_OWNER"),
        ({"email": "nobody"}, "INVALID_EMAIL"),
    ],
)
def test_what_a_property_does_not_take_is_refused(
    hubspot: HubSpotCaller, properties: dict[str, str], error: str
) -> None:
    answer = hubspot.batch("update", {"id": hubspot.make(1), "properties": properties})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == error


def test_a_number_is_not_a_property_value(hubspot: HubSpotCaller) -> None:
    contact = hubspot.make(1)
    entry = {"id": contact, "properties": {"leadops_score": 17}}
    assert hubspot.batch("update", entry).status_code == 400
    hubspot.running.admin("POST", "/_settings", {"product": {"takes_scalars": True}})
    assert hubspot.batch("update", entry).status_code == 200
    assert hubspot.score(contact) == "17"


def test_one_id_twice_refuses_the_whole_batch(hubspot: HubSpotCaller) -> None:
    contact = hubspot.make(1)
    answer = hubspot.batch("update", row(contact, "1", "a"), row(contact, "2", "b"))
    assert answer.status_code == 400
    assert answer.json()["message"] == f"Duplicate IDs found in batch input: [{contact}]. IDs must be unique"
    assert answer.json()["context"] == {"ids": [contact]}
    assert hubspot.score(contact) is None


def test_a_batch_has_at_most_a_hundred_rows(hubspot: HubSpotCaller) -> None:
    rows = [row(str(number), "1") for number in range(101)]
    assert hubspot.batch("update", *rows).status_code == 400
    assert hubspot.batch("update", *rows[:100]).status_code == 207


def test_the_record_id_is_not_an_id_property(hubspot: HubSpotCaller) -> None:
    contact = hubspot.make(1)
    for what in ("update", "upsert"):
        answer = hubspot.batch(what, row(contact, "1", idProperty="hs_object_id"))
        assert answer.status_code == 400, what
    assert hubspot.score(contact) is None


def test_an_address_as_id_succeeds_and_changes_nothing(hubspot: HubSpotCaller) -> None:
    contact = hubspot.make(1, email="a@b.example")
    answer = hubspot.batch("update", row("a@b.example", "5"))
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert hubspot.score(contact) is None
    named = hubspot.batch("update", row("a@b.example", "5", idProperty="email"))
    assert [result["id"] for result in named.json()["results"]] == [contact]


def test_the_silent_fault_completes_without_results(hubspot: HubSpotCaller) -> None:
    contact = hubspot.make(1)
    hubspot.fault("silent", count=1)
    silent = hubspot.batch("update", row(contact, "5"))
    assert (silent.status_code, silent.json()["status"], silent.json()["results"]) == (200, "COMPLETE", [])
    assert hubspot.score(contact) is None
    assert hubspot.batch("update", row(contact, "5")).json()["results"][0]["id"] == contact


def test_faults_of_rows_hit_the_rows_that_they_name(hubspot: HubSpotCaller) -> None:
    first, second = hubspot.make(1), hubspot.make(2)
    hubspot.fault("rejected_rows", rows=[second], count=1)
    answer = hubspot.batch("update", row(first, "5", "a"), row(second, "6", "b"))
    assert answer.status_code == 207
    assert answer.json()["errors"][0]["category"] == "VALIDATION_ERROR"
    assert (hubspot.score(first), hubspot.score(second)) == ("5", None)


def test_a_merged_contact_is_left_out_of_updates_and_reads_as_its_survivor(hubspot: HubSpotCaller) -> None:
    loser, survivor = hubspot.make(1, leadops_score="3"), hubspot.make(2, leadops_score="4")
    merge = {"into": int(survivor), "score": "keep"}
    assert hubspot.running.admin("POST", f"/_ma/leads/{loser}/merge", merge).status_code == 200
    left_out = hubspot.batch("update", row(loser, "9"))
    assert (left_out.status_code, left_out.json()["results"]) == (200, [])
    read = hubspot.batch("read", {"id": loser}, properties=["leadops_score", "hs_merged_object_ids"])
    result = read.json()["results"][0]
    assert result["id"] == survivor
    assert result["properties"]["leadops_score"] == "4"
    assert result["properties"]["hs_merged_object_ids"] == loser
    hubspot.running.admin("POST", "/_settings", {"product": {"merged_update": "survivor"}})
    assert hubspot.batch("update", row(loser, "9")).json()["results"][0]["id"] == survivor


def test_a_read_names_what_is_missing_in_one_error(hubspot: HubSpotCaller) -> None:
    contact = hubspot.make(1)
    read = hubspot.batch("read", {"id": contact}, {"id": "7"}, {"id": "8"})
    assert read.status_code == 207
    assert read.json()["numErrors"] == 1
    assert read.json()["errors"][0]["context"] == {"ids": ["7", "8"]}
    by_ours = hubspot.batch("read", {"id": "lead-1"}, idProperty="leadops_id")
    assert by_ours.json()["results"][0]["id"] == contact


def test_a_second_contact_of_an_address_is_a_conflict_that_names_the_first(hubspot: HubSpotCaller) -> None:
    body = {"properties": {"email": "a@b.example"}}
    first = hubspot("POST", "/crm/v3/objects/contacts", body)
    second = hubspot("POST", "/crm/v3/objects/contacts", body)
    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["message"] == f"Contact already exists. Existing ID: {first.json()['id']}"
    assert second.json()["category"] == "CONFLICT"


def test_an_archived_contact_is_gone_and_an_erased_one_forgotten(hubspot: HubSpotCaller) -> None:
    first, second = hubspot.make(1, email="a@b.example"), hubspot.make(2, email="c@d.example")
    assert hubspot("DELETE", f"/crm/v3/objects/contacts/{first}").status_code == 204
    erase = {"objectId": "c@d.example", "idProperty": "email"}
    assert hubspot("POST", "/crm/v3/objects/contacts/gdpr-delete", erase).status_code == 204
    assert hubspot.batch("read", {"id": first}, {"id": second}).json()["results"] == []
    assert hubspot("GET", f"/crm/v3/objects/contacts/{first}").status_code == 404
    assert hubspot.make(1) != first
