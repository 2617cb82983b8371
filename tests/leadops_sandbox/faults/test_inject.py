"""Every kind of fault as a real client sees it, and what it leaves behind."""

import time
from typing import Any

import pytest
import requests

from ..conftest import Running

BULK = "/api/bulk/update_scores"


def set_fault(sandbox: Running, kind: str, **more: Any) -> None:
    body = {"target": "ma", "method": "POST", "path": "/api/bulk/*", "kind": kind, "count": 1} | more
    assert sandbox.admin("POST", "/_faults", body).status_code == 201


def push(sandbox: Running, lead: int, rows: int = 50, **options: Any) -> requests.Response:
    updates = [{"deltaId": f"d{n}", "leadId": lead, "delta": 1, "reason": "r"} for n in range(rows)]
    return sandbox.ma("POST", BULK, {"updates": updates}, headers={"Idempotency-Key": "k"}, **options)


def score(sandbox: Running, lead: int) -> int:
    return int(sandbox.ma("GET", f"/api/leads/{lead}").json()["score"])


@pytest.mark.parametrize(
    ("kind", "error", "effect"),
    [
        ("timeout_before", requests.ReadTimeout, False),
        ("timeout_after", requests.ReadTimeout, True),
        ("reset_before", requests.ConnectionError, False),
        ("reset_after", requests.ConnectionError, True),
        ("half_answer", requests.exceptions.ChunkedEncodingError, True),
    ],
)
def test_a_broken_connection_leaves_what_it_says_and_the_key_sorts_it_out(
    sandbox: Running, kind: str, error: type[Exception], effect: bool
) -> None:
    lead = sandbox.make_lead()
    set_fault(sandbox, kind)
    with pytest.raises(error) as seen:
        push(sandbox, lead, timeout=0.5 if "timeout" in kind else 60)
    if kind.startswith("reset"):
        assert "reset" in str(seen.value).lower()
    assert score(sandbox, lead) == (50 if effect else 0)
    answer = push(sandbox, lead)
    assert {result["status"] for result in answer.json()["results"]} == {"applied"}
    assert score(sandbox, lead) == 50
    assert sandbox.admin("GET", "/_state").json()["faults"] == {f"ma {kind}": 1}


def test_half_an_answer_is_the_first_half(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    whole = push(sandbox, lead).content
    set_fault(sandbox, "half_answer")
    half = push(sandbox, lead, stream=True)
    assert half.status_code == 200
    assert int(half.headers["content-length"]) == len(whole)
    parts: list[bytes] = []
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        parts.extend(half.iter_content(1))  # keeps what came before the break
    received = b"".join(parts)
    assert received == whole[: len(whole) // 2]


def test_a_hanging_call_is_dropped_at_last(sandbox: Running) -> None:
    set_fault(sandbox, "timeout_before", seconds=0.2)
    with pytest.raises(requests.ConnectionError, match="reset"):
        push(sandbox, sandbox.make_lead())


def test_latency_delays_and_answers(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    set_fault(sandbox, "latency", seconds=0.3)
    began = time.monotonic()
    assert push(sandbox, lead).status_code == 200
    assert time.monotonic() - began >= 0.3


def test_429_says_how_long_to_wait_and_has_no_effect(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    set_fault(sandbox, "429", retry_after=7)
    refused = push(sandbox, lead)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert score(sandbox, lead) == 0


def test_500_has_no_effect(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    set_fault(sandbox, "500")
    assert push(sandbox, lead).status_code == 500
    assert score(sandbox, lead) == 0


def test_some_rows_are_rejected_and_the_rest_applied(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    set_fault(sandbox, "rejected_rows", share=0.3, seed=4)
    statuses = [result["status"] for result in push(sandbox, lead, rows=100).json()["results"]]
    assert set(statuses) == {"applied", "rejected"}
    assert score(sandbox, lead) == statuses.count("applied")


def test_the_ma_calls_rows_duplicates_that_it_never_had(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    set_fault(sandbox, "duplicate_rows", share=0.3, seed=4)
    results = push(sandbox, lead, rows=100).json()["results"]
    statuses = [result["status"] for result in results]
    assert set(statuses) == {"applied", "duplicate"}
    assert score(sandbox, lead) == statuses.count("applied") == results[-1]["score"]


def test_slack_refuses_in_its_own_words(sandbox: Running) -> None:
    everywhere = {"target": "slack", "method": "*", "path": "*"}
    set_fault(sandbox, "429", retry_after=3, **everywhere)
    refused = sandbox.slack("POST", "/api/auth.test")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")
    assert refused.json() == {"ok": False, "error": "ratelimited"}
    set_fault(sandbox, "500", **everywhere)
    assert sandbox.slack("POST", "/api/auth.test").json() == {"ok": False, "error": "internal_error"}


def test_faults_are_listed_and_cleared(sandbox: Running) -> None:
    rules = [{"target": "ma", "kind": "500"}, {"target": "crm", "kind": "latency", "seconds": 1}]
    sandbox.admin("POST", "/_faults", {"faults": rules})
    assert sandbox.ma("GET", "/api/leads").status_code == 500
    listed = sandbox.admin("GET", "/_faults").json()["faults"]
    assert [(fault["kind"], fault["met"]) for fault in listed] == [("500", 1), ("latency", 0)]
    assert sandbox.admin("DELETE", "/_faults").json() == {"faults": []}
    assert sandbox.ma("GET", "/api/leads").status_code == 200
