"""What each answer of PagerDuty, and each missing one, says about the event."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leadops.clients.pagerduty import (
    HOST,
    PagerBusyError,
    PagerDuty,
    PagerRefusedError,
    PagerUnknownError,
    PagerUnreachableError,
    open_pager_of,
)
from leadops.settings import Endpoint
from tests.cluster import free_port
from tests.scripted_server import ScriptedServer, serve_script

KEY = "0123456789abcdef0123456789abcdef"
EVENT = {"event_action": "resolve", "dedup_key": "leadops-1"}
ACCEPTED = b'{"status":"success","message":"Event processed","dedup_key":"leadops-1"}'


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script() as server:
        yield server


def send(url: str, **fields: Any) -> None:
    PagerDuty(Endpoint(**{"base_url": url, "token": KEY, "timeout": 2.0} | fields)).send(EVENT)


def test_a_202_about_our_key_is_accepted(server: ScriptedServer) -> None:
    bodies = []

    def respond(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        bodies.append((method, path, json.loads(body)))
        return 202, ACCEPTED

    server.respond = respond
    send(server.url)
    assert bodies == [("POST", "/v2/enqueue", {"routing_key": KEY, **EVENT})]


@pytest.mark.parametrize(
    ("status", "body", "error", "text"),
    [
        (202, b"", PagerUnknownError, "another event"),
        (202, b"[]", PagerUnknownError, "another event"),
        (202, b'{"dedup_key":"leadops-2"}', PagerUnknownError, "another event"),
        (200, b"<html>log in</html>", PagerUnknownError, "HTTP 200"),
        (302, b"", PagerUnknownError, "HTTP 302"),
        (400, b'{"errors":["Invalid routing key"]}', PagerRefusedError, "Invalid routing key: put the"),
        (400, b'{"errors":["\'summary\' is missing"]}', PagerRefusedError, "'summary' is missing"),
        (400, b"nonsense", PagerRefusedError, "HTTP 400: refused"),
        (403, b"{}", PagerRefusedError, "leadops_pagerduty"),
        (408, b"{}", PagerUnknownError, "HTTP 408"),
        (429, b"{}", PagerBusyError, "30 s"),
        (500, b"{}", PagerUnknownError, "HTTP 500"),
        (503, b"", PagerUnknownError, "HTTP 503"),
        (202, b"x" * 70_000, PagerUnknownError, "did not end"),
    ],
)
def test_each_answer_has_its_outcome(
    server: ScriptedServer, status: int, body: bytes, error: type[Exception], text: str
) -> None:
    server.respond = lambda *_: (status, body)
    with pytest.raises(error, match=text):
        send(server.url)


def test_a_429_says_how_long(server: ScriptedServer) -> None:
    server.respond = lambda *_: (429, b"{}")
    server.headers = {"Retry-After": "7"}
    with pytest.raises(PagerBusyError) as busy:
        send(server.url)
    assert busy.value.retry_after == 7


def test_a_refusal_that_repeats_our_key_does_not_show_it(server: ScriptedServer) -> None:
    server.respond = lambda *_: (400, json.dumps({"errors": [f"key {KEY} is wrong"]}).encode())
    with pytest.raises(PagerRefusedError) as refused:
        send(server.url)
    assert KEY not in str(refused.value)


def test_nobody_there_and_no_key() -> None:
    with pytest.raises(PagerUnreachableError):
        send(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(PagerRefusedError, match="no routing key"):
        send(f"http://127.0.0.1:{free_port()}", token="")


def test_the_connection_says_where_else() -> None:
    assert open_pager_of({"password": KEY})._endpoint.base_url == HOST
    assert open_pager_of({"password": KEY})._endpoint.timeout == 5
    european = {"host": "https://events.eu.pagerduty.com", "password": KEY, "extra": '{"timeout": 3}'}
    assert open_pager_of(european)._endpoint.base_url == "https://events.eu.pagerduty.com"
    assert open_pager_of(european)._endpoint.timeout == 3
