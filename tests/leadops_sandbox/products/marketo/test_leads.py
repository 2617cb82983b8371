"""What Marketo answers to rows of leads, values written out by hand."""

from typing import Any

import pytest
import requests

from ..conftest import Serve
from .conftest import MarketoCaller


def outcomes(answer: dict[str, Any]) -> list[str]:
    """What became of each row: its status, or the code of its reason."""
    return [row["reasons"][0]["code"] if "reasons" in row else row["status"] for row in answer["result"]]


def test_an_upsert_by_email_makes_a_lead_once_and_sets_its_score(marketo: MarketoCaller) -> None:
    first = marketo.sync({"email": "A@b.example", "leadopsScore": 3})
    again = marketo.sync({"email": "a@b.example", "leadopsScore": 17})
    assert (outcomes(first), outcomes(again)) == (["created"], ["updated"])
    lead = first["result"][0]["id"]
    assert again["result"][0]["id"] == lead
    assert marketo.score(lead) == 17
    assert marketo.running.admin("GET", "/_state").json()["ma"]["sum_of_scores"] == 17


def test_rows_are_answered_in_order_and_a_bad_one_is_skipped(marketo: MarketoCaller) -> None:
    first, second = marketo.make(1), marketo.make(2)
    rows: list[dict[str, Any]] = [
        {"id": second, "leadopsScore": 5},
        {"id": 7, "leadopsScore": 5},
        {"id": first, "noSuch": 1},
        {"id": first, "leadopsScore": "many"},
        {"id": first, "createdAt": "2026-01-01T00:00:00Z"},
        {"id": first, "leadopsScore": "6"},
    ]
    answer = marketo.sync(*rows, action="updateOnly", lookupField="id")
    assert answer["success"] is True
    assert outcomes(answer) == ["updated", "1004", "1006", "1001", "1003", "updated"]
    assert answer["result"][1] == {
        "status": "skipped",
        "reasons": [{"code": "1004", "message": "Lead not found"}],
    }
    assert (marketo.score(first), marketo.score(second)) == (6, 5)


def test_an_id_only_updates(marketo: MarketoCaller) -> None:
    lead = marketo.make(1)
    refused = marketo.sync({"id": lead, "leadopsScore": 5}, lookupField="id")
    assert (refused["success"], refused["errors"][0]["code"]) == (False, "1003")
    assert marketo.score(lead) is None
    assert outcomes(marketo.sync({"email": "1@a.example"}, action="createOnly")) == ["1005"]


def test_close_upserts_make_two_leads_and_then_match_both(serve: Serve) -> None:
    marketo = MarketoCaller(serve("marketo", settings={"dedupe_lag_seconds": 2}))
    row = {"email": "a@b.example"}
    assert outcomes(marketo.sync(row)) == outcomes(marketo.sync(row)) == ["created"]
    marketo.running.clock.forward(seconds=2)
    assert outcomes(marketo.sync(row)) == ["1007"]


def test_a_call_has_at_most_300_rows_and_a_megabyte(marketo: MarketoCaller) -> None:
    rows = [{"email": f"{number}@b.example"} for number in range(301)]
    assert marketo.sync(*rows)["errors"][0]["code"] == "1003"
    assert outcomes(marketo.sync(*rows[:300])) == ["created"] * 300
    large = {"input": [{"email": "a@b.example", "company": "x" * 1_048_576}]}
    assert marketo.raw("POST", "/rest/v1/leads.json", large).status_code == 413


def test_a_long_address_is_sent_as_a_post(marketo: MarketoCaller) -> None:
    lead = marketo.make(1)
    values = ",".join(str(number) for number in range(100_000_000, 100_000_299)) + f",{lead}"
    query = {"filterType": "id", "filterValues": values * 1, "fields": "email"}
    marketo.running.admin("POST", "/_settings", {"product": {"address_limit": 2_000}})
    assert marketo.raw("GET", "/rest/v1/leads.json", **query).status_code == 414
    posted = requests.post(
        f"{marketo.running.url}/rest/v1/leads.json?_method=GET",
        data=query,
        headers={"Authorization": f"Bearer {marketo.token}"},
        timeout=60,
    ).json()
    assert [row["id"] for row in posted["result"]] == [lead]


def test_a_filter_finds_by_our_id_and_leaves_out_what_is_gone(marketo: MarketoCaller) -> None:
    lead = marketo.make(1, leadopsId="lead-1")
    query = {"filterType": "leadopsId", "filterValues": "lead-1,lead-2", "fields": "leadopsId,email"}
    found = marketo("GET", "/rest/v1/leads.json", **query)["result"]
    assert found == [{"id": lead, "leadopsId": "lead-1", "email": "1@a.example"}]
    deleted = marketo("POST", "/rest/v1/leads/delete.json", {"input": [{"id": lead}, {"id": 7}]})
    assert outcomes(deleted) == ["deleted", "1004"]
    assert marketo("GET", "/rest/v1/leads.json", **query)["result"] == []


def test_faults_of_rows_hit_the_rows_that_they_name(marketo: MarketoCaller) -> None:
    first, second = marketo.make(1), marketo.make(2)
    marketo.fault("lead_not_found", rows=[str(second)], count=1)
    rows = [{"id": first, "leadopsScore": 5}, {"id": second, "leadopsScore": 6}]
    assert outcomes(marketo.sync(*rows, action="updateOnly", lookupField="id")) == ["updated", "1004"]
    assert (marketo.score(first), marketo.score(second)) == (5, None)


@pytest.mark.parametrize(
    "kind", ["601", "602", "603", "604", "606", "607", "608", "611", "614", "615", "713"]
)
def test_each_fault_of_the_table_answers_inside_200_and_writes_nothing(
    marketo: MarketoCaller, kind: str
) -> None:
    lead = marketo.make(1)
    marketo.fault(kind, count=1)
    refused = marketo.sync({"email": "1@a.example", "leadopsScore": 5})
    assert (refused["success"], refused["errors"][0]["code"]) == (False, kind)
    assert marketo.score(lead) is None
