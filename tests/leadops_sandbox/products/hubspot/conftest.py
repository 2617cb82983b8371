from typing import Any

import pytest
import requests

from leadops_sandbox.settings import Tokens

from ...conftest import Running
from ..conftest import Serve

CONTACTS = "/crm/objects/2026-09/contacts"
#: Search finds a change at once; only tests of the lag have one.
AT_ONCE = {"feed_lag_seconds": 0, "search_limit": 1_000}


class HubSpotCaller:
    """Calls HubSpot's routes; every answer as it is."""

    def __init__(self, running: Running) -> None:
        self.running = running

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {Tokens().ma}"} | options.pop("headers", {})
        return requests.request(
            method, self.running.url + path, json=body, headers=headers, timeout=60, **options
        )

    def batch(self, what: str, *inputs: dict[str, Any], **body: Any) -> requests.Response:
        return self("POST", f"{CONTACTS}/batch/{what}", {"inputs": list(inputs), **body})

    def make(self, number: int, **properties: str) -> str:
        """Make a contact by leadops' id; return HubSpot's."""
        entry = {"id": f"lead-{number}", "idProperty": "leadops_id", "properties": properties}
        result = self.batch("upsert", entry).json()["results"][0]
        return str(result["id"])

    def score(self, contact_id: str) -> str | None:
        read = self.batch("read", {"id": contact_id}, properties=["leadops_score"])
        value: str | None = read.json()["results"][0]["properties"]["leadops_score"]
        return value

    def search(self, kind: str = "contacts", **body: Any) -> requests.Response:
        return self("POST", f"/crm/objects/2026-09/{kind}/search", body)

    def fault(self, kind: str, **more: Any) -> None:
        rule = {"target": "hubspot", "kind": kind} | more
        assert self.running.admin("POST", "/_faults", rule).status_code == 201


@pytest.fixture
def hubspot(serve: Serve) -> HubSpotCaller:
    return HubSpotCaller(serve("hubspot", settings=AT_ONCE))
