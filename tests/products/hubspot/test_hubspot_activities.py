"""Calls, meetings, mails and tasks as items of the feed, from answers written by hand."""

from typing import Any

import pytest

from leadops.crm.activity import parse_activity
from leadops.products.hubspot.hubspot_activities import ActivityReader, find_moment
from leadops.products.product_rows import Call
from tests.shipped import change

from .conftest import CALLS, SETTINGS, answer_by_hand

EARLY, LATE = "2026-07-01T01:00:00.000Z", "2026-07-01T09:00:00.000Z"


def row(row_id: str, **properties: str | None) -> dict[str, Any]:
    common = {"hs_timestamp": EARLY, "hs_createdate": EARLY, "hubspot_owner_id": "42"}
    return {"id": row_id, "properties": common | properties}


def links(**contacts: list[int]) -> Any:
    """An answer of associations: the contacts of each activity, `_` before its number."""
    results = [
        {
            "from": {"id": name.removeprefix("_")},
            "to": [{"toObjectId": contact, "associationTypes": [{"typeId": 194}]} for contact in ids],
        }
        for name, ids in contacts.items()
    ]
    missing = {"category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}
    return {"status": "COMPLETE", "results": results, "errors": [missing], "numErrors": 1}


def read(
    kind: str, answer: Any, *rows: dict[str, Any], settings: Any = SETTINGS
) -> tuple[list[Any], list[Call]]:
    return answer_by_hand(ActivityReader(settings, CALLS).read_items(kind, rows), lambda _: answer)


def test_a_call_of_an_owner_about_a_contact() -> None:
    items, calls = read("calls", links(_7=[151]), row("7", hs_call_status="COMPLETED"), row("8"))
    assert [call.path for call in calls] == ["/crm/associations/2026-09/calls/contacts/batch/read"]
    assert items == [
        {
            "id": "calls:7:151",
            "lead_id": "151",
            "kind": "call",
            "rep_id": "42",
            "occurred_at": EARLY,
            "details": {"hs_call_status": "COMPLETED"},
        }
    ]
    assert parse_activity(items[0]).crm_lead_id == "151"


def test_one_meeting_with_two_contacts_is_one_item_each_and_an_item_of_nobody_none() -> None:
    items, _ = read("meetings", links(_7=[151, 152, 151], _8=[]), row("7", hubspot_owner_id=""), row("8"))
    assert [(item["id"], item["rep_id"]) for item in items] == [
        ("meetings:7:151", None),
        ("meetings:7:152", None),
    ]


def test_a_canceled_meeting_is_none() -> None:
    items, _ = read("meetings", links(_7=[151]), row("7", hs_meeting_outcome="CANCELED"))
    assert items == [{"id": "meetings:7:151", "deleted": True}]


@pytest.mark.parametrize(
    ("direction", "kind"),
    [("EMAIL", "mail"), ("INCOMING_EMAIL", "note"), ("FORWARDED_EMAIL", "mail"), (None, "mail")],
)
def test_a_mail_that_sales_got_is_no_attempt_to_reach_the_lead(direction: str | None, kind: str) -> None:
    items, _ = read("emails", links(_7=[151]), row("7", hs_email_direction=direction))
    assert [item["kind"] for item in items] == [kind]


def test_kinds_that_are_off_are_not_read() -> None:
    kinds = {"calls": None, "meetings": None, "emails": None, "incoming_emails": "reply", "tasks": "task"}
    reader = ActivityReader(change(SETTINGS, activities=kinds), CALLS)
    assert [kind for kind in ("calls", "meetings", "emails", "tasks") if reader.is_read(kind)] == [
        "emails",
        "tasks",
    ]
    answer = links(_7=[151], _8=[151])
    rows = [row("7", hs_email_direction="EMAIL"), row("8", hs_email_direction="INCOMING_EMAIL")]
    items, _ = answer_by_hand(reader.read_items("emails", rows), lambda _: answer)
    assert [(item["id"], item["kind"]) for item in items] == [("emails:8:151", "reply")]


def test_without_rows_no_call_is_made() -> None:
    assert read("calls", None) == ([], [])


@pytest.mark.parametrize(
    ("moment", "entered", "occurred"),
    [
        (EARLY, LATE, EARLY),  # entered afterwards
        (LATE, EARLY, EARLY),  # planned: agreed when it was entered
        (EARLY, None, EARLY),
        (None, EARLY, EARLY),
        ("soon", EARLY, "soon"),  # kept as refused, with the reason
        (None, None, None),
    ],
)
def test_when_it_was_done(moment: str | None, entered: str | None, occurred: str | None) -> None:
    assert find_moment({"hs_timestamp": moment, "hs_createdate": entered}) == occurred
