from typing import Any

import pytest
import requests

from leadops_sandbox.settings import Tokens

from ...conftest import Running
from ..conftest import Serve
from . import contract


class MarketoCaller:
    """Calls Marketo's routes; where the contract is there, it judges each call and each answer."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.token = self.sign_in()["access_token"]

    def sign_in(self, secret: str = Tokens().ma) -> dict[str, Any]:
        query = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": secret}
        path = "/identity/oauth/token"
        answer = requests.get(self.running.url + path, params=query, timeout=60)
        body: dict[str, Any] = answer.json()
        if contract.IS_THERE:
            contract.check_request("get", path, query, None)
            if answer.status_code == 200:
                contract.check_answer("get", path, body)
        return body

    def raw(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(
            method, self.running.url + path, json=body, params=query, headers=headers, timeout=60
        )

    def __call__(self, method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        if contract.IS_THERE:
            contract.check_request(method.lower(), path, query, body)
        answered = self.raw(method, path, body, **query)
        assert answered.status_code == 200
        answer: dict[str, Any] = answered.json()
        if contract.IS_THERE:
            contract.check_answer(method.lower(), path, answer)
        return answer

    def sync(self, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self("POST", "/rest/v1/leads.json", {"input": list(rows), **more})

    def make(self, number: int, **fields: Any) -> int:
        row = {"email": f"{number}@a.example"} | fields
        return int(self.sync(row)["result"][0]["id"])

    def score(self, lead_id: int) -> Any:
        found = self(
            "GET", "/rest/v1/leads.json", filterType="id", filterValues=str(lead_id), fields="leadopsScore"
        )
        return found["result"][0]["leadopsScore"]

    def fault(self, kind: str, **more: Any) -> None:
        rule = {"target": "marketo", "kind": kind} | more
        assert self.running.admin("POST", "/_faults", rule).status_code == 201


@pytest.fixture
def marketo(serve: Serve) -> MarketoCaller:
    return MarketoCaller(serve("marketo"))
