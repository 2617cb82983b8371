"""A PagerDuty to talk to over real HTTP: the stand-in beside the tests' Slack."""

from dataclasses import dataclass
from typing import Any

import pytest
import requests

from leadops.clients.pagerduty import PagerDuty
from leadops.settings import Endpoint
from leadops_sandbox.settings import Tokens
from tests.alerts.conftest import Slack
from tests.cluster import free_port


@dataclass
class PagerService:
    """What the stand-in shows of the events since the test began."""

    url: str
    before: int

    def client(self, *, url: str | None = None, key: str | None = None, timeout: float = 60.0) -> PagerDuty:
        token = Tokens().pagerduty if key is None else key
        return PagerDuty(Endpoint(base_url=url or self.url, token=token, timeout=timeout))

    def fault(self, kind: str, **rule: Any) -> None:
        body = {"target": "pagerduty", "kind": kind, **rule}
        requests.post(f"{self.url}/_faults", json=body, timeout=60).raise_for_status()

    def nowhere(self) -> str:
        """Return a URL at which nobody answers."""
        return f"http://127.0.0.1:{free_port()}"

    def incidents(self) -> list[dict[str, Any]]:
        """Return what PagerDuty shows, the oldest first."""
        answer = requests.get(f"{self.url}/_pagerduty.json", timeout=60).json()
        return list(answer["incidents"][self.before :])

    def statuses(self) -> list[str]:
        return [incident["status"] for incident in self.incidents()]

    def actions(self) -> list[list[str]]:
        """Return the events of each incident."""
        return [[event["action"] for event in incident["events"]] for incident in self.incidents()]


@pytest.fixture
def pager(slack: Slack) -> PagerService:
    """A PagerDuty that is well; the fixture `slack` clears its faults."""
    service = PagerService(slack.url, 0)
    service.before = len(service.incidents())
    return service
