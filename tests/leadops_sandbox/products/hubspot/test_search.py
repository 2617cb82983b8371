"""HubSpot's search: its reach, its lag, equal stamps, engagements and whom they are about."""

from typing import Any

from ..conftest import Serve
from .conftest import AT_ONCE, HubSpotCaller


def since(stamp: str) -> dict[str, Any]:
    changed = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": stamp}
    return {
        "filterGroups": [{"filters": [changed]}],
        "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
    }


def ids(answer: Any) -> list[str]:
    return [result["id"] for result in answer.json()["results"]]


def test_a_query_reaches_so_far_and_no_further(serve: Serve) -> None:
    hubspot = HubSpotCaller(serve("hubspot", settings=AT_ONCE | {"search_reach": 20}))
    made = {hubspot.make(number) for number in range(25)}
    body = since("2026-07-01T00:00:00.000Z") | {"limit": 10}
    first = hubspot.search(**body)
    assert first.json()["total"] == 25
    assert first.json()["paging"]["next"]["after"] == "10"
    second = hubspot.search(**body, after="10")
    assert second.json()["paging"]["next"]["after"] == "20"
    assert hubspot.search(**body, after="20").status_code == 400
    # All have one stamp: only the id gets a reader past the end of the reach.
    assert len({*ids(first), *ids(second)}) == 20
    stamp = first.json()["results"][0]["properties"]["lastmodifieddate"]
    seen: list[str] = []
    while True:
        filters = [
            {"propertyName": "lastmodifieddate", "operator": "EQ", "value": stamp},
            {"propertyName": "hs_object_id", "operator": "GT", "value": seen[-1] if seen else "0"},
        ]
        page = hubspot.search(
            filterGroups=[{"filters": filters}],
            sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            limit=10,
        )
        if not ids(page):
            break
        seen += ids(page)
    assert len(seen) == 25
    assert set(seen) == made


def test_equal_stamps_have_no_order_and_a_search_has_one_sort(hubspot: HubSpotCaller) -> None:
    made = [hubspot.make(number) for number in range(10)]
    body = since("2026-07-01T00:00:00.000Z")
    assert ids(hubspot.search(**body)) != made
    assert sorted(ids(hubspot.search(**body))) == made
    hubspot.running.admin("POST", "/_settings", {"product": {"equal_order": "id"}})
    assert ids(hubspot.search(**body)) == made
    twice = body["sorts"] + [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    assert hubspot.search(filterGroups=body["filterGroups"], sorts=twice).status_code == 400


def test_the_index_lags_and_reading_does_not(serve: Serve) -> None:
    running = serve("hubspot", settings={"feed_lag_seconds": 30})
    hubspot = HubSpotCaller(running)
    contact = hubspot.make(1, email="a@b.example")
    by_email = [{"propertyName": "email", "operator": "EQ", "value": "A@b.example"}]
    assert ids(hubspot.search(filterGroups=[{"filters": by_email}])) == []
    assert hubspot.batch("read", {"id": contact}).json()["results"][0]["id"] == contact
    running.clock.forward(seconds=30)
    assert ids(hubspot.search(filterGroups=[{"filters": by_email}])) == [contact]


def test_a_late_change_appears_with_an_older_stamp_than_what_was_seen(serve: Serve) -> None:
    running = serve("hubspot", settings=AT_ONCE | {"feed_late_share": 1, "feed_late_seconds": 90})
    hubspot = HubSpotCaller(running)
    late = hubspot.make(1)
    running.clock.forward(seconds=60)
    assert ids(hubspot.search()) == []
    running.admin("POST", "/_settings", {"product": {"feed_late_share": 0.5}})
    numbers = iter(range(2, 100))
    seen: list[str] = []
    while not seen:  # half of the contacts are late; the first that is not is seen
        hubspot.make(next(numbers))
        seen = [contact for contact in ids(hubspot.search(limit=100)) if contact != late]
    running.clock.forward(seconds=30)
    stamps = {
        result["id"]: result["properties"]["lastmodifieddate"]
        for result in hubspot.search(limit=100).json()["results"]
    }
    assert stamps[late] == "2026-07-01T01:00:00.000Z" < stamps[seen[0]] == "2026-07-01T01:01:00.000Z"


def test_engagements_are_objects_whose_contact_is_asked_for_apart(hubspot: HubSpotCaller) -> None:
    contact = hubspot.make(1, hubspot_owner_id=owner_id(hubspot, "aoi.tanaka@sales.example"))
    running = hubspot.running
    for kind in ("call", "meeting", "mail", "task", "status"):
        activity = {"lead_id": contact, "kind": kind, "rep_id": "rep-01"}
        activity |= {"status": "taken"} if kind == "status" else {}
        assert running.admin("POST", "/_crm/activities", activity).status_code == 201
    calls = hubspot.search("calls", properties=["hs_timestamp", "hubspot_owner_id"]).json()["results"]
    assert len(calls) == 1
    assert calls[0]["properties"]["hs_timestamp"] == "2026-07-01T01:00:00.000Z"
    assert calls[0]["properties"]["hubspot_owner_id"] == owner_id(hubspot, "aoi.tanaka@sales.example")
    for kind in ("meetings", "emails", "tasks"):
        assert hubspot.search(kind).json()["total"] == 1, kind
    links = hubspot(
        "POST",
        "/crm/v4/associations/calls/contacts/batch/read",
        {"inputs": [{"id": calls[0]["id"]}, {"id": "1"}]},
    )
    assert links.status_code == 207
    assert links.json()["results"][0]["from"] == {"id": calls[0]["id"]}
    assert links.json()["results"][0]["to"][0]["toObjectId"] == int(contact)
    assert links.json()["errors"][0]["context"] == {"fromObjectId": ["1"]}


def test_the_status_of_sales_is_a_property_with_a_past(hubspot: HubSpotCaller) -> None:
    owner = owner_id(hubspot, "aoi.tanaka@sales.example")
    contact = hubspot.make(1, hubspot_owner_id=owner, hs_lead_status="NEW")
    running = hubspot.running
    running.clock.forward(minutes=5)
    taken = {"lead_id": contact, "kind": "status", "status": "taken", "rep_id": "rep-01"}
    running.admin("POST", "/_crm/activities", taken)
    read = hubspot.batch(
        "read",
        {"id": contact},
        properties=["hs_lead_status", "hubspot_owner_id"],
        propertiesWithHistory=["hs_lead_status"],
    ).json()["results"][0]
    assert read["properties"]["hs_lead_status"] == "IN_PROGRESS"
    assert read["properties"]["hubspot_owner_id"] == owner
    assert [
        (entry["value"], entry["timestamp"], entry["sourceType"])
        for entry in read["propertiesWithHistory"]["hs_lead_status"]
    ] == [
        ("IN_PROGRESS", "2026-07-01T01:05:00.000Z", "CRM_UI"),
        ("NEW", "2026-07-01T01:00:00.000Z", "INTEGRATION"),
    ]


def owner_id(hubspot: HubSpotCaller, email: str) -> str:
    owners = hubspot("GET", f"/crm/v3/owners?email={email}").json()["results"]
    return str(owners[0]["id"])
