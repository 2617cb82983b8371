"""Every call of these tests is judged by Marketo's contract; this says so where it is missing."""

from typing import Any

import jsonschema
import pytest

from . import contract
from .conftest import MarketoCaller

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        not contract.IS_THERE, reason=f"{contract.FOLDER}: Marketo's contract is not there (LEADOPS_SPECS)"
    ),
]


def test_all_routes_of_the_face_are_in_the_contract(marketo: MarketoCaller) -> None:
    lead = marketo.make(1, leadopsScore=5)
    get = lambda path, **query: marketo("GET", f"/rest/v1/{path}", **query)  # noqa: E731
    token = get("activities/pagingtoken.json", sinceDatetime="2026-07-01T00:00:00Z")["nextPageToken"]
    assert get(f"lead/{lead}.json")["result"][0]["id"] == lead
    assert get("activities.json", nextPageToken=token, activityTypeIds="12,13")["result"]
    assert get("activities/leadchanges.json", nextPageToken=token, fields="leadopsScore")["result"]
    assert get("activities/deletedleads.json", nextPageToken=token)["success"]
    assert get("activities/types.json")["result"]
    assert get("leads/describe.json")["result"]
    assert get("leads/describe2.json")["success"]
    assert get("stats/usage.json")["result"][0]["total"] == 10
    assert get("stats/errors.json")["success"]
    assert marketo("POST", "/rest/v1/leads/delete.json", {"input": [{"id": lead}]})["result"][0]["id"] == lead


def test_the_contract_refuses_what_is_wrong() -> None:
    wrong: list[tuple[str, dict[str, str], Any]] = [
        ("/rest/v1/leads.json", {}, {"input": [{"id": "fifty"}]}),
        ("/rest/v1/leads.json", {}, {"action": "set", "input": []}),
        ("/rest/v1/leads.json", {}, {"lookupField": "id"}),
    ]
    for path, query, body in wrong:
        with pytest.raises(jsonschema.ValidationError):
            contract.check_request("post", path, query, body)
    for path, query in (("/rest/v1/lead.json", {}), ("/rest/v1/leads.json", {"access_token": "x"})):
        with pytest.raises(AssertionError):
            contract.check_request("get", path, query, None)
    with pytest.raises(jsonschema.ValidationError):
        contract.check_answer("get", "/rest/v1/leads.json", {"success": True})
