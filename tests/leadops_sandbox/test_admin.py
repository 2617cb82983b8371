from .conftest import Running


def test_totals_count_what_happened(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    delta = {"leadId": lead, "delta": 15, "reason": "view_pricing", "deltaId": "d1"}
    for _ in range(2):
        sandbox.ma("POST", "/api/lead/score", delta)
    sandbox.ma("POST", "/api/bulk/update_scores", {"updates": [delta | {"leadId": 1, "deltaId": "d2"}]})
    sandbox.slack("POST", "/api/chat.postMessage", {"channel": "c", "text": "t"})
    state = sandbox.admin("GET", "/_state").json()
    assert state["ma"] == {
        "leads": 1,
        "deltas_applied": 1,
        "deltas_rejected": 1,
        "duplicates_refused": 1,
        "sum_of_scores": 15,
        "last_applied_at": "2026-07-01T01:00:00+00:00",
        "enrolments": 0,
    }
    assert state["slack"] == {"channels": 1, "messages": 1, "edits": 0, "files": 0}
    assert state["calls"] == {
        "POST /api/bulk/update_scores": 1,
        "POST /api/chat.postMessage": 1,
        "POST /api/lead/score": 2,
        "POST /api/leads": 1,
    }


def test_applied_deltas_are_listed_page_by_page_with_their_time(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    sandbox.ma("POST", "/api/lead/score", {"leadId": lead, "delta": 1, "reason": "one", "deltaId": "d0"})
    sandbox.clock.forward(minutes=1)
    rows = [{"leadId": lead, "delta": 2, "reason": "bulk", "deltaId": f"d{n}"} for n in range(7)]
    sandbox.ma("POST", "/api/bulk/update_scores", {"updates": rows})

    seen: list[dict] = []
    cursor = "0"
    while page := sandbox.admin("GET", f"/_state/ma/applied?after={cursor}&limit=3").json():
        if not page["items"]:
            break
        seen += page["items"]
        cursor = page["cursor"]
    assert [item["deltaId"] for item in seen] == [f"d{n}" for n in range(7)]
    assert [item["number"] for item in seen] == list(range(1, 8))
    assert seen[0] == {
        "number": 1, "deltaId": "d0", "leadId": lead, "delta": 1, "reason": "one",
        "applied_at": "2026-07-01T01:00:00+00:00",
    }  # fmt: skip
    assert {item["applied_at"] for item in seen[1:]} == {"2026-07-01T01:01:00+00:00"}


def test_a_wrong_fault_is_refused_with_its_field(sandbox: Running) -> None:
    refused = sandbox.admin("POST", "/_faults", {"target": "ma", "kind": "meteor"})
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("kind: ")
    assert sandbox.admin("GET", "/_faults").json() == {"faults": []}
