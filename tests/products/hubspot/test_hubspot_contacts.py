"""Statuses, stages and merges of contacts as items of the feed, from answers written by hand."""

import json
from typing import Any

from leadops.products.hubspot.hubspot_contacts import ContactReader
from leadops.products.product_rows import Call

from .conftest import CALLS, SETTINGS, answer_by_hand

READER = ContactReader(SETTINGS, CALLS)


def row(contact_id: str, **properties: str | None) -> dict[str, Any]:
    return {"id": contact_id, "properties": properties}


def entry(value: str, hour: int, source: str = "CRM_UI") -> dict[str, str]:
    return {"value": value, "timestamp": f"2026-07-01T{hour:02}:00:00.000Z", "sourceType": source}


def read(*rows: dict[str, Any], histories: dict[str, Any] | None = None) -> tuple[list[Any], list[Call]]:
    def answer(call: Call) -> Any:
        ids = [one["id"] for one in json.loads(call.body)["inputs"]]
        return {"results": [{"id": one, "propertiesWithHistory": histories} for one in ids]}

    return answer_by_hand(READER.read_items(rows), answer)


def test_every_status_that_a_contact_had_is_an_item_with_the_owner_of_that_time() -> None:
    histories = {
        "hs_lead_status": [
            entry("UNQUALIFIED", 12),
            entry("IN_PROGRESS", 10),
            entry("NEW", 8, "INTEGRATION"),
        ],
        "lifecyclestage": [entry("lead", 7)],
        "hubspot_owner_id": [entry("43", 11), entry("42", 9)],
    }
    items, calls = read(row("151", hs_lead_status="UNQUALIFIED"), histories=histories)
    assert len(calls) == 1
    assert [(item["id"], item["status"], item["rep_id"], item["occurred_at"]) for item in items] == [
        (
            "hs_lead_status:151:2026-07-01T10:00:00.000Z",
            "taken",
            "42",
            "2026-07-01T10:00:00.000Z",
        ),
        (
            "hs_lead_status:151:2026-07-01T12:00:00.000Z",
            "lost",
            "43",
            "2026-07-01T12:00:00.000Z",
        ),
    ]
    assert {(item["lead_id"], item["kind"]) for item in items} == {("151", "status")}


def test_a_new_customer_is_a_won_lead_and_a_status_of_the_account_stays() -> None:
    histories = {
        "hs_lead_status": [entry("HANDED_TO_PARTNER", 9)],
        "lifecyclestage": [entry("customer", 10), entry("opportunity", 8)],
        "hubspot_owner_id": [entry("", 7)],
    }
    items, _ = read(row("151", lifecyclestage="customer"), histories=histories)
    assert [(item["status"], item["rep_id"]) for item in items] == [
        ("HANDED_TO_PARTNER", None),
        ("won", None),
    ]


def test_what_leadops_set_is_no_news_and_costs_no_call() -> None:
    assert read(row("151", hs_lead_status="NEW", lifecyclestage="lead"), row("152")) == ([], [])
    by_hand = {"hs_lead_status": [entry("NEW", 9), entry("IN_PROGRESS", 8)]}
    items, _ = read(row("151", hs_lead_status="CONNECTED"), histories=by_hand)
    assert [item["status"] for item in items] == ["taken", "NEW"]


def test_a_merge_says_which_contacts_are_gone() -> None:
    items, calls = read(row("151", hs_merged_object_ids="149;150"))
    assert calls == []
    assert items == [
        {"kind": "merged", "lead_id": "149", "into": "151"},
        {"kind": "merged", "lead_id": "150", "into": "151"},
    ]


def test_histories_are_read_for_fifty_contacts_a_call() -> None:
    rows = [row(str(number), hs_lead_status="CONNECTED") for number in range(120)]
    _, calls = read(*rows, histories={})
    assert [len(json.loads(call.body)["inputs"]) for call in calls] == [50, 50, 20]


def test_broken_histories_are_passed_over() -> None:
    histories = {
        "hs_lead_status": [None, {"value": "X"}, {"value": 3, "timestamp": "now"}, entry("", 9)],
        "lifecyclestage": "no",
    }
    items, _ = read(row("151", hs_lead_status="X"), histories=histories)
    assert items == []


def test_the_search_leaves_out_scored_contacts_that_sales_never_had() -> None:
    page = READER.search().read_after(None, 500)
    body = json.loads(next(page).body)
    kinds = [group["filters"][1:] for group in body["filterGroups"]]
    assert kinds == [
        [{"propertyName": "hs_lead_status", "operator": "HAS_PROPERTY"}],
        [{"propertyName": "hs_merged_object_ids", "operator": "HAS_PROPERTY"}],
        [{"propertyName": "lifecyclestage", "operator": "IN", "values": ["customer"]}],
    ]
    assert body["limit"] == 200
