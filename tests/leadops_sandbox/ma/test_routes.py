from typing import Any

import pytest
import requests

from ..conftest import Running

BULK = "/api/bulk/update_scores"


def row(lead: int, delta_id: str, delta: int = 5) -> dict[str, Any]:
    return {"deltaId": delta_id, "leadId": lead, "delta": delta, "reason": "view_pricing"}


def bulk(sandbox: Running, *rows: dict[str, Any], key: str | None = None) -> requests.Response:
    return sandbox.ma("POST", BULK, {"updates": list(rows)}, headers={"Idempotency-Key": key} if key else {})


def test_results_come_in_order_with_the_score_after_each(sandbox: Running) -> None:
    one, two = sandbox.make_lead(), sandbox.make_lead("two@a.example")
    answer = bulk(sandbox, row(one, "a"), row(two, "b", -3), row(one, "c", 10), row(1, "d"), row(one, "a"))
    assert answer.json()["results"] == [
        {"deltaId": "a", "status": "applied", "score": 5},
        {"deltaId": "b", "status": "applied", "score": -3},
        {"deltaId": "c", "status": "applied", "score": 15},
        {"deltaId": "d", "status": "not_found", "score": None},
        {"deltaId": "a", "status": "duplicate", "score": 15},
    ]


def test_the_same_key_gives_the_same_bytes_and_no_second_effect(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    first = bulk(sandbox, row(lead, "a"), key="k")
    bulk(sandbox, row(lead, "b"), key="other")
    again = bulk(sandbox, row(lead, "a"), key="k")
    assert (again.status_code, again.content) == (200, first.content)
    assert sandbox.ma("GET", f"/api/leads/{lead}").json()["score"] == 10
    sandbox.restart()
    assert bulk(sandbox, row(lead, "a"), key="k").content == first.content
    assert sandbox.admin("GET", "/_state").json()["ma"]["duplicates_refused"] == 0


def test_the_same_key_with_another_body_or_route_is_a_conflict(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    bulk(sandbox, row(lead, "a"), key="k")
    assert bulk(sandbox, row(lead, "b"), key="k").status_code == 409
    other = sandbox.ma("POST", "/api/lead/score", row(lead, "a"), headers={"Idempotency-Key": "k"})
    assert other.status_code == 409
    assert sandbox.ma("GET", f"/api/leads/{lead}").json()["score"] == 5


def test_a_refused_call_does_not_use_its_key_up(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    assert bulk(sandbox, {"deltaId": "a"}, key="k").status_code == 422
    assert bulk(sandbox, row(lead, "a"), key="k").status_code == 200


def test_keys_and_delta_ids_are_forgotten_after_a_while(sandbox: Running) -> None:
    sandbox.restart(ma_remember_seconds=60)
    lead = sandbox.make_lead()
    bulk(sandbox, row(lead, "a"), key="k")
    sandbox.clock.forward(seconds=59)
    assert bulk(sandbox, row(lead, "a"), key="new").json()["results"][0]["status"] == "duplicate"
    sandbox.clock.forward(seconds=2)
    assert bulk(sandbox, row(lead, "a"), key="k").json()["results"][0] == {
        "deltaId": "a",
        "status": "applied",
        "score": 10,
    }


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"updates": {}}', b'{"updates": [1]}', b"\xff"])
def test_what_is_malformed_is_422(sandbox: Running, body: bytes) -> None:
    assert sandbox.ma("POST", BULK, data=body).status_code == 422


def test_too_many_updates_are_413(sandbox: Running) -> None:
    assert bulk(sandbox, *[row(1, str(n)) for n in range(1001)]).status_code == 413


def test_leads_are_made_once_by_email_and_paged_by_cursor(sandbox: Running) -> None:
    ids = [sandbox.make_lead(f"{n}@a.example") for n in range(5)]
    assert sandbox.make_lead(" 3@A.example ") == ids[3]
    body = {"email": "3@a.example", "firstName": "Yui", "utm": {"campaign": "c"}, "externalId": "9"}
    assert sandbox.ma("POST", "/api/leads", body).json() == {"leadId": ids[3]}
    seen, after, pages = [], "", 0
    while after is not None:
        page = sandbox.ma("GET", f"/api/leads?after={after}&limit=2").json()
        seen += [lead["id"] for lead in page["items"]]
        after, pages = page["cursor"], pages + 1
    assert (seen, pages) == (ids, 3)
    assert sandbox.ma("GET", f"/api/leads/{ids[3]}").json()["fields"]["firstName"] == "Yui"


def test_a_full_last_page_has_no_cursor(sandbox: Running) -> None:
    ids = [sandbox.make_lead(f"{n}@a.example") for n in range(2)]
    page = sandbox.ma("GET", "/api/leads?limit=2").json()
    assert ([lead["id"] for lead in page["items"]], page["cursor"]) == (ids, None)


def test_fields_can_be_changed_and_unknown_leads_are_404(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    changed = sandbox.ma("PATCH", f"/api/leads/{lead}", {"fields": {"ml_score": 0.42}}).json()
    assert changed == sandbox.ma("GET", f"/api/leads/{lead}").json()
    assert changed == {"id": lead, "email": "one@a.example", "score": 0, "fields": {"ml_score": 0.42}}
    assert sandbox.ma("PATCH", "/api/leads/1", {"fields": {}}).status_code == 404
    assert sandbox.ma("GET", "/api/leads/x").status_code == 422
    assert sandbox.ma("POST", "/api/leads", {"email": "nobody"}).status_code == 422


def enrolment(lead: int, key: str = "e1", **more: object) -> dict[str, object]:
    return {"leadId": lead, "step": "hello", "cycle": 1, "idempotencyKey": key, "subject": "Hi"} | more


def test_an_enrolment_counts_once_for_its_key_and_once_for_its_step_and_cycle(sandbox: Running) -> None:
    lead, path = sandbox.make_lead(), "/api/programs/welcome/enrolments"
    first = sandbox.ma("POST", path, enrolment(lead)).json()
    assert (first["enrolmentId"], first["status"]) == ("welcome-1", "enrolled")
    for same in (enrolment(lead), enrolment(lead, "e2"), enrolment(lead, "e3", subject="Other")):
        again = sandbox.ma("POST", path, same).json()
        assert (again["enrolmentId"], again["status"]) == ("welcome-1", "duplicate")
    assert sandbox.ma("POST", path, enrolment(lead, step="bye")).status_code == 409
    assert sandbox.ma("POST", path, enrolment(lead, "e4", cycle=2)).json()["enrolmentId"] == "welcome-2"
    assert sandbox.ma("POST", path, enrolment(1, "e5")).json()["code"] == "lead_not_found"
    assert sandbox.ma("POST", path, enrolment(lead, "e6", cycle=0)).status_code == 422
    assert sandbox.admin("GET", "/_state").json()["ma"]["enrolments"] == 2
    sandbox.restart()
    page = sandbox.admin("GET", "/_state/ma/enrolments?after=1").json()
    assert page["cursor"] == "2"
    assert page["items"] == [
        {
            "number": 2, "enrolmentId": "welcome-2", "leadId": lead, "program": "welcome", "step": "hello",
            "cycle": 2, "subject": "Hi", "enrolled_at": "2026-07-01T01:00:00+00:00",
        }
    ]  # fmt: skip


def test_an_ma_with_programs_of_its_own_knows_no_others(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    assert sandbox.ma("GET", "/api/programs/welcome").json() == {"program": "welcome"}
    sandbox.admin("POST", "/_settings", {"ma_programs": {"welcome": ["hello"]}})
    assert sandbox.ma("GET", "/api/programs/welcome").json() == {"program": "welcome", "steps": ["hello"]}
    found = {
        (name, step): sandbox.ma("POST", f"/api/programs/{name}/enrolments", enrolment(lead, step=step))
        for name, step in (("welcome", "hello"), ("welcome", "bye"), ("other", "hello"))
    }
    assert [(refused.status_code, refused.json().get("code")) for refused in found.values()] == [
        (200, None), (404, "step_not_found"), (404, "program_not_found")
    ]  # fmt: skip
    assert sandbox.ma("GET", "/api/programs/other").status_code == 404


def test_an_opt_out_is_shown_and_outlives_a_merge(sandbox: Running) -> None:
    one, two = sandbox.make_lead(), sandbox.make_lead("two@a.example")
    assert "may_mail" not in sandbox.ma("GET", f"/api/leads/{one}").json()
    answer = sandbox.ma("PUT", f"/api/leads/{one}/consent", {"may_mail": False, "said_by": "crm"})
    assert answer.json() == {"id": one, "may_mail": False}
    sandbox.ma("PUT", f"/api/leads/{two}/consent", {"may_mail": True})
    sandbox.admin("POST", f"/_ma/leads/{one}/merge", {"into": two})
    sandbox.restart()
    assert sandbox.ma("GET", f"/api/leads/{two}").json()["may_mail"] is False
    assert sandbox.ma("PUT", f"/api/leads/{two}/consent", {}).status_code == 422
