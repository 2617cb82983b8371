"""The stand-in, judged by PagerDuty's own client: it accepts, refuses and deduplicates as PagerDuty does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pagerduty
import pytest
import requests

from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with serve_in_thread(folder) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    """PagerDuty's client: it takes https addresses only, and is sent to the stand-in by http."""

    def use_http(request: Any) -> None:
        request.url = request.url.copy_with(scheme="http")

    hooks = {"request": [use_http]}
    secure = url.replace("http://", "https://")
    with pagerduty.EventsApiV2Client(Tokens().pagerduty, base_url=secure, event_hooks=hooks) as client:
        yield client


def list_incidents(url: str, key: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{url}/_pagerduty.json", timeout=60).json()
    return [incident for incident in answer["incidents"] if incident["dedup_key"] == key]


def test_one_key_is_one_incident_from_trigger_to_resolve(client: Any, url: str) -> None:
    for _ in range(2):
        assert client.trigger("disk full", "db-1", dedup_key="one", severity="critical") == "one"
    client.acknowledge("one")
    assert [incident["status"] for incident in list_incidents(url, "one")] == ["acknowledged"]
    client.resolve("one")
    client.resolve("one")
    client.trigger("disk full", "db-1", dedup_key="one")
    assert [incident["status"] for incident in list_incidents(url, "one")] == ["resolved", "triggered"]


def test_a_trigger_without_a_key_gets_one(client: Any, url: str) -> None:
    key = client.trigger("disk full", "db-1")
    assert len(list_incidents(url, key)) == 1


def test_a_resolve_of_what_is_unknown_is_accepted_and_does_nothing(client: Any, url: str) -> None:
    assert client.resolve("never heard of") == "never heard of"
    assert list_incidents(url, "never heard of") == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"routing_key": "short"}, "Length of 'routing_key'"),
        ({"routing_key": "x" * 32}, "Invalid routing key"),
        ({"event_action": "open"}, "event_action"),
        ({"payload": {"summary": "", "source": "s", "severity": "critical"}}, "payload.summary"),
        ({"payload": {"summary": "x" * 1025, "source": "s", "severity": "critical"}}, "1024"),
        ({"payload": {"summary": "x", "source": "s", "severity": "bad"}}, "payload.severity"),
        ({"dedup_key": "x" * 256}, "dedup_key"),
        ({"event_action": "resolve", "dedup_key": None}, "dedup_key"),
        ({"links": ["https://x"]}, "links"),
    ],
)
def test_what_is_wrong_is_refused_with_its_errors(url: str, changes: dict[str, Any], fault: str) -> None:
    payload = {"summary": "disk full", "source": "db-1", "severity": "critical"}
    event = {"routing_key": Tokens().pagerduty, "event_action": "trigger", "payload": payload, **changes}
    answer = requests.post(f"{url}/v2/enqueue", json=event, timeout=60)
    assert (answer.status_code, answer.json()["status"]) == (400, "invalid event")
    assert fault in str(answer.json()["errors"])


def test_it_asks_to_wait_without_saying_how_long(url: str) -> None:
    rule = {"target": "pagerduty", "kind": "429", "count": 1}
    requests.post(f"{url}/_faults", json=rule, timeout=60).raise_for_status()
    answer = requests.post(f"{url}/v2/enqueue", json={}, timeout=60)
    assert (answer.status_code, answer.json()["status"]) == (429, "throttle exceeded")
    assert "Retry-After" not in answer.headers
