"""The feed from the stand-in to the tables: late rows, equal times, merges, conversions, users."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from leadops.crm.poll import PollResult, poll_crm
from leadops.errors import PermanentError, TransientError
from leadops.products.crm_client import CrmClient
from leadops.products.feed_cursor import FeedCursor
from leadops.products.reading import ReadAnswer
from leadops.products.salesforce.salesforce_feed import form_after, list_streams
from tests.products.salesforce.conftest import DATA, SETTINGS, SalesforceDesk
from tests.products.salesforce.test_effects_arrive import convert

OVERLAP = timedelta(minutes=5)
OWNER = "005000000000001AAA"


@pytest.fixture
def crm(desk: SalesforceDesk) -> Iterator[CrmClient]:
    client = CrmClient(desk.endpoint)
    yield client
    client.close()


def poll(desk: SalesforceDesk, crm: CrmClient, *, page_size: int = 500) -> PollResult:
    with desk.connect() as connection:
        return poll_crm(connection, crm, now=desk.now, overlap=OVERLAP, page_size=page_size)


def act(desk: SalesforceDesk, lead: int, kind: str, **more: Any) -> None:
    """Let a salesperson do something with the lead."""
    body = {"lead_id": str(desk.number(lead)), "kind": kind, "rep_id": "rep-01"} | more
    requests.post(f"{desk.ma_url}/_crm/activities", json=body, timeout=30).raise_for_status()


def make(desk: SalesforceDesk, name: str = "jane") -> int:
    lead = desk.add_lead(email=f"{name}@acme.example")
    desk.push()
    desk.enqueue("crm", "create_lead", lead, email=f"{name}@acme.example", company="Acme")
    desk.push_crm()
    return lead


def stored(desk: SalesforceDesk, columns: str = "kind, status") -> list[tuple[Any, ...]]:
    with desk.connect() as connection:
        return connection.execute(
            f"select {columns} from crm.activities order by occurred_at, activity_id".encode()
        ).fetchall()


def count(desk: SalesforceDesk, table: str) -> int:
    return int(desk.value(f"select count(*) from {table}"))


def test_what_salespeople_do_is_mirrored_with_who_did_it(desk: SalesforceDesk, crm: CrmClient) -> None:
    lead = make(desk)
    for kind in ("call", "mail", "meeting", "task"):
        desk.now += timedelta(minutes=1)
        act(desk, lead, kind)
    desk.now += timedelta(minutes=1)
    act(desk, lead, "status", status="taken")
    desk.now += timedelta(minutes=1)
    result = poll(desk, crm)
    assert (result.activities, result.refused, result.as_of) == (5, 0, desk.now - OVERLAP)
    assert stored(desk) == [
        ("call", None),
        ("mail", None),
        ("meeting", None),
        ("task", None),
        ("status", "working - contacted"),
    ]
    leads = {row[0] for row in stored(desk, "crm_lead_id")}
    assert leads == {desk.record_id(lead, "crm")}
    (rep,) = {row[0] for row in stored(desk, "rep_id")}
    (user,) = desk.rows(f"SELECT Id, Email FROM User WHERE Id = '{rep}'")
    assert user["Id"] == rep
    assert poll(desk, crm).activities == 0


def test_a_row_that_commits_90_seconds_late_is_seen_by_the_next_poll(
    desk: SalesforceDesk, crm: CrmClient
) -> None:
    """Gotcha 5: its stamp is older than the cursor."""
    lead = make(desk)
    desk.set_product(feed_late_share=0.5, feed_late_seconds=90)
    for _ in range(20):
        act(desk, lead, "call")
        desk.now += timedelta(seconds=1)
    poll(desk, crm)
    early = count(desk, "crm.activities")
    assert 0 < early < 20
    newest = desk.value("select max(occurred_at) from crm.activities")
    desk.now += timedelta(seconds=120)
    poll(desk, crm)
    assert count(desk, "crm.activities") == 20
    late = "select count(*) from crm.activities where recorded_at >= %s and occurred_at < %s"
    assert desk.value(late, desk.now, newest) > 0, "rows that are older than what was read before"
    assert count(desk, "lifecycle.inbox") == 20


def test_equal_stamps_at_the_edge_of_a_page_are_read_once(desk: SalesforceDesk, crm: CrmClient) -> None:
    """Gotcha 6: pages of two, five rows of one second."""
    lead = make(desk)
    for _ in range(5):
        act(desk, lead, "call")
    desk.now += timedelta(minutes=1)
    assert poll(desk, crm, page_size=2).activities == 5
    assert poll(desk, crm, page_size=2).activities == 0
    assert (count(desk, "crm.activities"), count(desk, "lifecycle.inbox")) == (5, 5)


def test_what_happens_with_the_contact_of_a_converted_lead_counts_for_the_lead(
    desk: SalesforceDesk, crm: CrmClient
) -> None:
    lead = make(desk)
    known = desk.record_id(lead, "crm")
    act(desk, lead, "call")
    poll(desk, crm)
    contact = convert(desk, lead)
    desk.now += timedelta(minutes=1)
    act(desk, lead, "mail")
    desk.now += timedelta(minutes=1)
    poll(desk, crm)
    assert [row[0] for row in stored(desk, "crm_lead_id") if row[0] != known] == []
    assert ("mail", None) in stored(desk)
    assert desk.value("select into_id from crm.merged_leads where gone_id = %s", known) == contact


def test_a_merge_is_followed(desk: SalesforceDesk, crm: CrmClient) -> None:
    kept, lost = make(desk, "kept"), make(desk, "lost")
    old, new = desk.record_id(lost, "crm"), desk.record_id(kept, "crm")
    desk.by_hand(desk.number(lost), "merge", into=desk.number(kept))
    desk.now += timedelta(minutes=1)
    poll(desk, crm)
    assert desk.value("select into_id from crm.merged_leads where gone_id = %s", old) == new


def test_users_have_an_address_a_zone_and_no_profile(desk: SalesforceDesk, crm: CrmClient) -> None:
    users = crm.reps()
    ours = next(user for user in users if user["id"] == OWNER)
    assert ours == {
        "id": OWNER,
        "email": "leadops@acme.example",
        "name": "LeadOps Integration",
        "active": True,
        "zone": "UTC",
    }
    assert poll(desk, crm).reps == len(users)


def test_leads_are_listed_with_their_owner_the_contact_for_a_converted_one(
    desk: SalesforceDesk, crm: CrmClient
) -> None:
    first, second = make(desk, "first"), make(desk, "second")
    contact = convert(desk, second)
    listed = crm.iterate_leads()
    assert listed is not None
    assert [(lead.external_id, lead.email, lead.owner_id) for lead in listed] == [
        (desk.record_id(first, "crm"), "first@acme.example", OWNER),
        (contact, "second@acme.example", OWNER),
    ]


def test_a_feed_that_is_refused_says_what_salesforce_says(desk: SalesforceDesk, crm: CrmClient) -> None:
    desk.fault("api_disabled", path="/services/data/*", count=1)
    with pytest.raises(PermanentError, match="API_DISABLED_FOR_ORG"):
        crm.activities(after=None, limit=2)
    desk.fault("unavailable", path="/services/data/*", count=1)
    with pytest.raises(TransientError, match="Server too busy"):
        crm.activities(after=None, limit=2)


def read_row(stream: str, **values: Any) -> Any:
    """Return what a row of an object says."""
    reading = list_streams(SETTINGS.model_copy(update={"activity_details": {"Budget__c": "budget"}}))[stream](
        None, 2
    )
    call = next(reading)
    assert call.path == f"{DATA}/queryAll"
    row = {"Id": "00T000000000001", "SystemModstamp": "2026-06-01T10:00:00.000+0000"} | values
    row.setdefault("CreatedDate", "2026-06-01T10:00:00.000+0000")
    try:
        reading.send(ReadAnswer({"records": [row]}))
    except StopIteration as end:
        return end.value
    raise AssertionError("one call is enough")


def test_a_meeting_that_is_agreed_counts_from_then_one_that_is_noted_later_from_its_time() -> None:
    planned = {"WhoId": "00Q000000000001", "StartDateTime": "2026-06-08T09:00:00.000+0000"}
    (item,) = read_row("Event", Budget__c=5, **planned).items
    assert item["occurred_at"] == "2026-06-01T10:00:00.000+0000"
    assert item["details"] == {"starts_at": "2026-06-08T09:00:00.000+0000", "budget": 5}
    past = planned | {"StartDateTime": "2026-05-30T09:00:00.000+0000"}
    (item,) = read_row("Event", **past).items
    assert item["occurred_at"] == "2026-05-30T09:00:00.000+0000"


def test_rows_that_are_gone_or_say_nothing() -> None:
    assert read_row("Task", IsDeleted=True, WhoId=None).items == [{"id": "00T000000000001", "deleted": True}]
    assert read_row("LeadHistory", NewValue=None).items == []
    assert read_row("Lead", IsDeleted=True, MasterRecordId=None).items == []
    page = read_row("Task", TaskSubtype="LinkedIn", OwnerId="00G000000000001", WhoId="00Q000000000001")
    assert (page.items[0]["kind"], page.items[0]["rep_id"]) == ("linkedin", None)
    assert page.reached == FeedCursor("2026-06-01T10:00:00+00:00", "00T000000000001EAA")
    assert page.is_last


def test_a_status_that_leadops_itself_sets_is_no_news() -> None:
    settings = SETTINGS.model_copy(update={"new_lead_status": "Open"})
    reading = list_streams(settings)["LeadHistory"](None, 2)
    next(reading)
    rows = [
        {"Id": f"01700000000000{number}", "CreatedDate": "2026-06-01T10:00:00.000+0000", "NewValue": word}
        for number, word in enumerate(["Open", "Working"])
    ]
    with pytest.raises(StopIteration) as end:
        reading.send(ReadAnswer({"records": rows}))
    assert [item.get("made_by") for item in end.value.value.items] == ["leadops", None]


@pytest.mark.parametrize("row", [{"Id": None}, {"Id": "00T000000000001", "SystemModstamp": "yesterday"}])
def test_a_row_without_a_place_ends_the_page(row: dict[str, Any]) -> None:
    with pytest.raises(TransientError):
        read_row("Task", **row)


def test_where_a_query_goes_on() -> None:
    moment = datetime(2026, 6, 1, 10, 0, 0, 500_000, tzinfo=UTC)
    assert form_after("SystemModstamp", None) == []
    assert form_after("SystemModstamp", FeedCursor(moment.isoformat(), "")) == [
        "SystemModstamp >= 2026-06-01T10:00:00.500Z"
    ]
    assert form_after("CreatedDate", FeedCursor("2026-06-01T19:00:00+09:00", "00T000000000001EAA")) == [
        "(CreatedDate > 2026-06-01T10:00:00.000Z OR (CreatedDate = 2026-06-01T10:00:00.000Z"
        " AND Id > '00T000000000001EAA'))"
    ]


def test_pages_that_salesforce_cuts_short_are_read_to_their_end(desk: SalesforceDesk, crm: CrmClient) -> None:
    """It gives fewer rows than were asked for where it likes, and says that it is not done."""
    leads = [make(desk, name) for name in ("ada", "bea", "cyd", "dot", "eve")]
    for lead in leads:
        act(desk, lead, "call")
    users = len(crm.reps())
    desk.set_product(query_page=2)
    assert len(crm.reps()) == users > 2
    pages = crm.iterate_leads()
    assert pages is not None
    assert len(list(pages)) == 5
    assert len(list(crm.client.iterate_leads())) == 5
    assert (poll(desk, crm).activities, len(stored(desk))) == (5, 5)
