"""Leads that somebody deletes, merges and restores in the MA, and how it answers about them."""

from typing import Any

import pytest

from tests.leadops_sandbox.conftest import Running


def make_leads(sandbox: Running, *scores: int) -> list[int]:
    leads = []
    for number, score in enumerate(scores):
        lead = sandbox.ma("POST", "/api/leads", {"email": f"l{number}@x.example"}).json()["leadId"]
        send(sandbox, {f"d{number}": (lead, score)})
        leads.append(lead)
    return leads


def send(sandbox: Running, deltas: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    updates = [
        {"deltaId": delta_id, "leadId": lead, "delta": points, "reason": ""}
        for delta_id, (lead, points) in deltas.items()
    ]
    return list(sandbox.ma("POST", "/api/bulk/update_scores", {"updates": updates}).json()["results"])


def act(sandbox: Running, lead: int, what: str, **body: Any) -> int:
    return int(sandbox.admin("POST", f"/_ma/leads/{lead}/{what}", body).status_code)


def show(sandbox: Running, lead: int) -> tuple[int, Any, Any]:
    answer = sandbox.ma("GET", f"/api/leads/{lead}")
    body = answer.json()
    return answer.status_code, body.get("code", body.get("id")), body.get("mergedInto", body.get("score"))


def test_each_absence_has_its_status_and_its_word(sandbox: Running) -> None:
    kept, merged, deleted = make_leads(sandbox, 10, 5, 3)
    assert act(sandbox, merged, "merge", into=kept) == 200
    assert act(sandbox, deleted, "delete") == 200
    assert [show(sandbox, lead) for lead in (kept, merged, deleted, 1)] == [
        (200, kept, 15),
        (410, "lead_merged", kept),
        (410, "lead_deleted", None),
        (404, "lead_not_found", None),
    ]
    results = send(sandbox, {"k": (kept, 1), "m": (merged, 1), "d": (deleted, 1), "n": (1, 1)})
    assert [result["status"] for result in results] == ["applied", "merged", "deleted", "not_found"]
    assert results[1]["mergedInto"] == kept
    single = {"deltaId": "s", "leadId": merged, "delta": 1, "reason": ""}
    assert sandbox.ma("POST", "/api/lead/score", single).json()["mergedInto"] == kept
    assert [lead["id"] for lead in sandbox.ma("GET", "/api/leads").json()["items"]] == [kept]


@pytest.mark.parametrize(("manner", "status"), [("bare", 404), ("redirect", 200)])
def test_other_products_say_nothing_or_answer_as_the_survivor(
    sandbox: Running, manner: str, status: int
) -> None:
    last, middle, first = make_leads(sandbox, 10, 5, 3)
    act(sandbox, first, "merge", into=middle)
    act(sandbox, middle, "merge", into=last)
    sandbox.admin("POST", "/_settings", {"ma_absence": manner})
    assert show(sandbox, first)[0] == status
    (result,) = send(sandbox, {"m": (first, 4)})
    assert result["status"] == ("applied" if manner == "redirect" else "rejected")
    assert show(sandbox, last) == (200, last, 22 if manner == "redirect" else 18)


@pytest.mark.parametrize(("score", "after"), [("sum", 15), ("keep", 10)])
@pytest.mark.parametrize("keeps_email", [True, False])
def test_a_merge_keeps_or_sums_the_score_and_keeps_the_address_or_not(
    sandbox: Running, score: str, after: int, keeps_email: bool
) -> None:
    kept, merged = make_leads(sandbox, 10, 5)
    act(sandbox, merged, "merge", into=kept, score=score, keeps_email=keeps_email)
    assert show(sandbox, kept)[2] == after
    again = sandbox.ma("POST", "/api/leads", {"email": "l1@x.example"}).json()["leadId"]
    assert (again == kept) is keeps_email


def test_a_restored_lead_has_what_it_had(sandbox: Running) -> None:
    (lead,) = make_leads(sandbox, 7)
    assert act(sandbox, lead, "restore") == 422
    act(sandbox, lead, "delete")
    assert act(sandbox, lead, "delete") == 422
    assert act(sandbox, lead, "restore") == 200
    assert show(sandbox, lead) == (200, lead, 7)
    assert sandbox.ma("POST", "/api/leads", {"email": "l0@x.example"}).json()["leadId"] == lead
    assert act(sandbox, 1, "restore") == 404
    assert act(sandbox, lead, "merge", into=lead) == 422


def test_what_was_done_by_hand_survives_a_restart(sandbox: Running) -> None:
    kept, merged, deleted = make_leads(sandbox, 10, 5, 3)
    act(sandbox, merged, "merge", into=kept)
    act(sandbox, deleted, "delete")
    sandbox.restart()
    assert [show(sandbox, lead) for lead in (kept, merged, deleted)] == [
        (200, kept, 15),
        (410, "lead_merged", kept),
        (410, "lead_deleted", None),
    ]
    assert sandbox.admin("GET", "/_state").json()["ma"]["leads"] == 1
