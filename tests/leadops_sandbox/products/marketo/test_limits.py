"""Marketo's token, its three limits, and its activities by paging token."""

import threading
from typing import Any

import requests

from tests.waiting import wait_until

from ..conftest import Serve
from .conftest import MarketoCaller

USAGE = "/rest/v1/stats/usage.json"


def code(answer: dict[str, Any]) -> str:
    return "ok" if answer["success"] else str(answer["errors"][0]["code"])


def test_all_who_ask_share_one_token_until_it_ends(marketo: MarketoCaller) -> None:
    marketo.running.clock.forward(seconds=3_599)
    early = marketo.sign_in()
    assert (early["access_token"], early["expires_in"]) == (marketo.token, 1)
    assert code(marketo("GET", USAGE)) == "ok"
    marketo.running.clock.forward(seconds=1)
    assert code(marketo("GET", USAGE)) == "602"
    later = marketo.sign_in()
    assert later["access_token"] != marketo.token
    marketo.token = later["access_token"]
    assert code(marketo("GET", USAGE)) == "ok"
    marketo.token = "guess"
    assert code(marketo("GET", USAGE)) == "601"
    headless = requests.get(
        marketo.running.url + USAGE, params={"access_token": later["access_token"]}, timeout=60
    )
    assert code(headless.json()) == "600"
    assert marketo.sign_in("guess")["error"] == "unauthorized"


def test_the_fault_ends_the_token(marketo: MarketoCaller) -> None:
    marketo.fault("token_ended", count=1)
    assert code(marketo("GET", USAGE)) == "602"
    assert code(marketo("GET", USAGE)) == "602"
    marketo.token = marketo.sign_in()["access_token"]
    assert code(marketo("GET", USAGE)) == "ok"


def test_twenty_seconds_have_a_hundred_calls(serve: Serve) -> None:
    marketo = MarketoCaller(serve("marketo", settings={"burst_limit": 2}))
    assert [code(marketo("GET", USAGE)) for _ in range(3)] == ["ok", "ok", "606"]
    marketo.running.clock.forward(seconds=20)
    assert code(marketo("GET", USAGE)) == "ok"


def test_the_day_ends_at_midnight_of_us_central(serve: Serve) -> None:
    marketo = MarketoCaller(serve("marketo", settings={"day_limit": 2, "token_seconds": 100_000}))
    assert [code(marketo("GET", USAGE)) for _ in range(3)] == ["ok", "ok", "607"]
    # It is 20:00 of June 30 in Chicago, in summer time.
    marketo.running.clock.forward(hours=3, minutes=59)
    assert code(marketo("GET", USAGE)) == "607"
    marketo.running.clock.forward(minutes=1)
    usage = marketo("GET", USAGE)
    assert usage["result"][0] == {
        "date": "2026-07-01",
        "total": 1,
        "users": [{"userId": "leadops@acme.example", "count": 1}],
    }


def test_too_many_calls_at_once_are_refused(serve: Serve) -> None:
    marketo = MarketoCaller(serve("marketo", settings={"at_once": 1}))
    marketo.fault("timeout_after", path="/rest/v1/leads.json", method="POST", count=1)

    def hang() -> None:
        try:
            marketo.running.ma("POST", "/rest/v1/leads.json", {"input": []}, timeout=60)
        except requests.RequestException:
            return

    hanging = threading.Thread(target=hang, daemon=True)
    hanging.start()
    state = marketo.running.admin
    wait_until(lambda: bool(state("GET", "/_state").json()["faults"]))
    assert code(marketo("GET", USAGE)) == "615"


def test_activities_go_on_from_their_token_and_pages_can_be_short(serve: Serve) -> None:
    marketo = MarketoCaller(serve("marketo", settings={"page": 2}))
    lead = marketo.make(1, leadopsScore=3)
    marketo.running.clock.forward(seconds=5)
    marketo.sync({"id": lead, "leadopsScore": 17}, action="updateOnly", lookupField="id")
    since = {"sinceDatetime": "2026-07-01T00:00:00Z"}
    token = marketo("GET", "/rest/v1/activities/pagingtoken.json", **since)["nextPageToken"]
    seen, pages = [], []
    while True:
        query = {"nextPageToken": token, "fields": "leadopsScore"}
        page = marketo("GET", "/rest/v1/activities/leadchanges.json", **query)
        seen += page.get("result", [])
        pages.append(len(page.get("result", [])))
        token = page["nextPageToken"]
        if not page["moreResult"]:
            break
    # Made, its address, its score, its new score; the address is not asked for.
    assert pages == [1, 2]
    assert [entry["activityTypeId"] for entry in seen] == [12, 13, 13]
    assert [field["newValue"] for entry in seen for field in entry["fields"]] == ["3", "17"]
    assert seen[2]["fields"][0]["oldValue"] == "3"
    assert seen[2]["activityDate"] == "2026-07-01T01:00:05Z"
    assert len({entry["marketoGUID"] for entry in seen}) == 3
    again = marketo("GET", "/rest/v1/activities/leadchanges.json", nextPageToken=token, fields="leadopsScore")
    assert "result" not in again
    assert again["moreResult"] is False


def test_deleted_and_merged_leads_are_activities(marketo: MarketoCaller) -> None:
    first, second, third = marketo.make(1), marketo.make(2), marketo.make(3)
    marketo.running.admin("POST", f"/_ma/leads/{first}/delete")
    marketo.running.admin("POST", f"/_ma/leads/{second}/merge", {"into": third})
    since = {"sinceDatetime": "2026-07-01T00:00:00Z"}
    token = marketo("GET", "/rest/v1/activities/pagingtoken.json", **since)["nextPageToken"]
    deleted = marketo("GET", "/rest/v1/activities/deletedleads.json", nextPageToken=token)["result"]
    assert [(entry["leadId"], entry["activityTypeId"]) for entry in deleted] == [(first, 37)]
    query = {"nextPageToken": token, "activityTypeIds": "32"}
    merged = marketo("GET", "/rest/v1/activities.json", **query)["result"]
    assert merged[0]["leadId"] == third
    assert merged[0]["attributes"] == [{"name": "Merge IDs", "value": str(second)}]
    eleven = ",".join(map(str, range(1, 12)))
    refused = marketo("GET", "/rest/v1/activities.json", nextPageToken=token, activityTypeIds=eleven)
    assert code(refused) == "1003"
    wrong = marketo("GET", "/rest/v1/activities.json", nextPageToken="guess", activityTypeIds="1")
    assert code(wrong) == "1003"


def test_a_late_activity_is_lost_to_who_reads_on_and_seen_by_who_goes_back(serve: Serve) -> None:
    late = {"feed_late_share": 1, "feed_late_seconds": 90}
    marketo = MarketoCaller(serve("marketo", settings=late))
    since = {"sinceDatetime": "2026-07-01T01:00:00Z"}
    lead = marketo.make(1)
    marketo.running.clock.forward(seconds=30)
    path = "/rest/v1/activities/pagingtoken.json"
    now = marketo("GET", path, sinceDatetime="2026-07-01T01:00:30Z")["nextPageToken"]
    marketo.running.clock.forward(seconds=60)
    query = {"activityTypeIds": "12"}
    assert "result" not in marketo("GET", "/rest/v1/activities.json", nextPageToken=now, **query)
    back = marketo("GET", path, **since)["nextPageToken"]
    found = marketo("GET", "/rest/v1/activities.json", nextPageToken=back, **query)["result"]
    assert [entry["leadId"] for entry in found] == [lead]
