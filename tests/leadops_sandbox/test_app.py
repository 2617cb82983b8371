import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from leadops_sandbox.app import Sandbox, create_app

from .conftest import Running


def test_what_lies_below_api_is_told_apart_by_route(sandbox: Running) -> None:
    assert sandbox.ma("GET", "/api/leads").json() == {"items": [], "cursor": None}
    assert sandbox.slack("POST", "/api/auth.test").json()["ok"] is True
    assert sandbox.ma("GET", "/api/chat.postMessage").json() == {"ok": False, "error": "invalid_auth"}
    assert sandbox.slack("GET", "/api/leads").status_code == 401


@pytest.mark.parametrize("path", ["/api/leads", "/v1/reps"])
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic c2FuZGJveC1tYS10b2tlbg==", ""])
def test_ma_and_crm_refuse_a_missing_or_wrong_token(sandbox: Running, path: str, header: str | None) -> None:
    refused = sandbox.ma("GET", path, headers={"Authorization": header})
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert "token" in refused.json()["detail"]


def test_unknown_addresses_and_wrong_methods_are_named(sandbox: Running) -> None:
    assert sandbox.ma("GET", "/api/nothing").status_code == 404
    assert sandbox.ma("DELETE", "/api/leads").status_code == 405


def test_a_restart_finds_everything_again(sandbox: Running) -> None:
    lead = sandbox.make_lead()
    sandbox.ma("POST", "/api/lead/score", {"leadId": lead, "delta": 5, "reason": "r", "deltaId": "d1"})
    sandbox.ma("POST", "/api/programs/p/enrolments", {"leadId": lead, "step": "a", "idempotencyKey": "e"})
    crm_lead = sandbox.crm("POST", "/v1/leads", {"email": "a@a.example", "idempotency_key": "k"}).json()["id"]
    sandbox.admin("POST", "/_crm/activities", {"lead_id": crm_lead, "kind": "call"})
    ts = sandbox.slack("POST", "/api/chat.postMessage", {"channel": "#c", "text": "hello"}).json()["ts"]
    sandbox.admin("POST", "/_settings", {"crm_feed_late": True})
    before = {name: sandbox.admin("GET", name).json() for name in ("/_state", "/_slack.json", "/_settings")}

    sandbox.restart()
    after = {name: sandbox.admin("GET", name).json() for name in before}
    assert before["/_state"].pop("calls")
    assert after["/_state"].pop("calls") == {}
    assert after == before
    again = sandbox.ma(
        "POST", "/api/lead/score", {"leadId": lead, "delta": 5, "reason": "r", "deltaId": "d1"}
    )
    assert again.json() == {"deltaId": "d1", "status": "duplicate", "score": 5}
    posted = sandbox.slack("POST", "/api/chat.postMessage", {"channel": "#c", "text": "hello"}).json()
    assert posted["ts"] > ts


def call_from(app: Sandbox, address: str, path: str) -> tuple[int, Any]:
    """Call `app` as if from `address`, without a socket: from elsewhere nobody reaches a loopback port."""
    sent: list[Any] = []

    async def run() -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [(b"x-forwarded-for", b"127.0.0.1")],
            "client": (address, 1),
            "root_path": "",
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, send)

    asyncio.run(run())
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize("path", ["/_state", "/_faults", "/_settings", "/_slack.json"])
def test_admin_routes_answer_only_to_this_machine(tmp_path: Path, path: str) -> None:
    app = create_app(tmp_path)
    assert call_from(app, "127.0.0.1", path)[0] == 200
    assert call_from(app, "::1", path)[0] == 200
    status, problem = call_from(app, "192.0.2.7", path)
    assert (status, "this machine" in problem["detail"]) == (403, True)
    app.world.journal.close()
