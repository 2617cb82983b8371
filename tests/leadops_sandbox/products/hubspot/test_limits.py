"""HubSpot's limits: the account's day, ten seconds, a second of search; and the answers beside them."""

import pytest
import requests

from leadops_sandbox.settings import Tokens

from ..conftest import Serve
from .conftest import AT_ONCE, CONTACTS, HubSpotCaller


def rate_headers(answer: requests.Response) -> dict[str, str]:
    prefix = "x-hubspot-ratelimit-"
    return {
        name.lower().removeprefix(prefix): value
        for name, value in answer.headers.items()
        if name.lower().startswith(prefix)
    }


def test_the_day_ends_at_midnight_of_the_account(serve: Serve) -> None:
    running = serve("hubspot", settings=AT_ONCE | {"day_limit": 2})
    hubspot = HubSpotCaller(running)
    path = "/crm/v3/owners"
    assert rate_headers(hubspot("GET", path))["daily-remaining"] == "1"
    assert hubspot("GET", path).status_code == 200
    refused = hubspot("GET", path)
    assert (refused.status_code, refused.json()["policyName"]) == (429, "DAILY")
    assert "Retry-After" not in refused.headers
    assert rate_headers(refused)["daily-remaining"] == "0"
    # It is 10:00 in Tokyo; its midnight is 14 hours away.
    running.clock.forward(hours=13, minutes=59)
    assert hubspot("GET", path).status_code == 429
    running.clock.forward(minutes=1)
    assert hubspot("GET", path).status_code == 200


def test_ten_seconds_have_a_limit_of_their_own(serve: Serve) -> None:
    running = serve("hubspot", settings=AT_ONCE | {"burst_limit": 2})
    hubspot = HubSpotCaller(running)
    first = hubspot("GET", "/crm/v3/owners")
    assert rate_headers(first) == {
        "max": "2",
        "remaining": "1",
        "interval-milliseconds": "10000",
        "daily": "625000",
        "daily-remaining": "624999",
    }
    hubspot("GET", "/crm/v3/owners")
    refused = hubspot("GET", "/crm/v3/owners")
    assert (refused.status_code, refused.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    running.clock.forward(seconds=10)
    assert hubspot("GET", "/crm/v3/owners").status_code == 200


def test_search_has_five_calls_a_second_and_no_headers(serve: Serve) -> None:
    running = serve("hubspot", settings={"search_limit": 5})
    hubspot = HubSpotCaller(running)
    answers = [hubspot.search() for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[5].json()["policyName"] == "SECONDLY"
    assert answers[5].json()["message"] == "You have reached your secondly limit."
    assert rate_headers(answers[0]) == {}
    running.clock.forward(seconds=1)
    assert hubspot.search().status_code == 200


def test_oauth_hides_the_day(serve: Serve) -> None:
    hubspot = HubSpotCaller(serve("hubspot", settings={"oauth": True}))
    assert "daily" not in rate_headers(hubspot("GET", "/crm/v3/owners"))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("locked", 423),
        ("migration", 477),
        ("429", 429),
        ("daily", 429),
        ("secondly", 429),
        ("500", 500),
        ("unauthorized", 401),
        ("missing_scopes", 403),
        ("502", 502),
        ("504", 504),
        ("521", 521),
    ],
)
def test_each_fault_of_the_table_answers_once_and_writes_nothing(
    hubspot: HubSpotCaller, kind: str, status: int
) -> None:
    contact = hubspot.make(1)
    hubspot.fault(kind, count=1, retry_after=3_600)
    entry = {"id": contact, "properties": {"leadops_score": "5"}}
    refused = hubspot.batch("update", entry)
    assert refused.status_code == status
    assert refused.headers.get("Retry-After") == ("3600" if kind == "migration" else None)
    assert hubspot.score(contact) is None
    assert hubspot.batch("update", entry).status_code == 200


def test_faults_of_the_wire_reach_a_product_too(hubspot: HubSpotCaller) -> None:
    contact = hubspot.make(1)
    hubspot.fault("reset_after", count=1)
    with pytest.raises(requests.ConnectionError):
        hubspot.batch("update", {"id": contact, "properties": {"leadops_score": "5"}})
    assert hubspot.score(contact) == "5"


def test_a_fault_that_no_product_has_is_refused(hubspot: HubSpotCaller) -> None:
    for rule in ({"target": "hubspot", "kind": "606"}, {"target": "marketo", "kind": "500"}):
        assert hubspot.running.admin("POST", "/_faults", rule).status_code == 422
    assert hubspot.running.admin("POST", "/_faults", {"target": "ma", "kind": "locked"}).status_code == 422


def test_a_setting_that_the_product_does_not_have_is_refused(hubspot: HubSpotCaller) -> None:
    for wrong in ({"day_limits": 1}, {"day_limit": -1}, {"id_field": "other"}):
        assert hubspot.running.admin("POST", "/_settings", {"product": wrong}).status_code == 422
    back = hubspot.running.admin("POST", "/_settings", {"product": {"feed_lag_seconds": None}})
    assert "feed_lag_seconds" not in back.json()["products"]["hubspot"]


def test_a_wrong_token_is_refused_and_the_generic_routes_stay(hubspot: HubSpotCaller) -> None:
    wrong = hubspot("GET", CONTACTS, headers={"Authorization": "Bearer nobody"})
    assert (wrong.status_code, wrong.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert hubspot("GET", CONTACTS, headers={"Authorization": f"Bearer {Tokens().crm}"}).status_code == 200
    lead = hubspot.running.make_lead("one@a.example")
    assert hubspot.batch("read", {"id": str(lead)}).json()["results"][0]["properties"]["email"] == (
        "one@a.example"
    )
