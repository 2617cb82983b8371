"""Every way in which a call can end, over real sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import requests

from leadops.clients.call_outcomes import (
    Answered,
    Outcome,
    Postponed,
    Refused,
    Throttled,
    Unknown,
    Unreachable,
)
from leadops.clients.retry_after import DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER
from leadops.clients.transport import Transport, expect
from leadops.errors import PermanentError, TransientError
from leadops.settings import Endpoint
from tests.delivery_fixture import ma_url

__all__ = ["ma_url"]


@contextmanager
def _serve(answer: bytes, *, hold: float = 0.0, then: bytes = b"") -> Iterator[str]:
    """Answer each connection's first request with these bytes, after `hold` seconds, and close it.

    `then` drips on and on, every tenth of a second.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                stop.wait(hold)
                connection.sendall(answer)
                with suppress(OSError):
                    while then and not stop.wait(0.1):
                        connection.sendall(then)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _answer(status: str, body: bytes = b"{}", *headers: str, length: int | None = None) -> bytes:
    """The server hangs up after each answer and says so: a second call must not meet a closing connection."""
    size = f"Content-Length: {len(body) if length is None else length}"
    head = [f"HTTP/1.1 {status}", size, "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def _call(url: str, *, timeout: float = 2.0) -> Outcome:
    transport = Transport(Endpoint(base_url=url, timeout=timeout))
    try:
        return transport.send("POST", "/x", body=b"{}", key="k")
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (_answer("200 OK", b'{"a":1}'), Answered(200, {"a": 1})),
        (_answer("204 No Content", b""), Answered(204, None)),
        (_answer("200 OK", b"<html>"), Unknown("HTTP 200 without valid JSON", 200)),
        (_answer("200 OK", b'{"a"', length=10), Unknown("no whole answer (ProtocolError)")),
        (b"", Unknown("the connection broke")),
        (_answer("500 Oh"), Unknown("HTTP 500", 500)),
        (_answer("408 Late"), Unknown("HTTP 408", 408)),
        (_answer("302 Found", b"", "Location: http://127.0.0.1:9/"), Unknown("HTTP 302", 302)),
        (
            _answer("422 No", b'{"detail":"delta must be a number"}'),
            Refused(422, "HTTP 422: delta must be a number"),
        ),
        (_answer("404 Not Found", b"nothing here"), Refused(404, "HTTP 404: Not Found")),
        (_answer("206 Partial Content", b'{"a":1}'), Unknown("HTTP 206", 206)),
        (_answer("101 Switching Protocols", b""), Unknown("HTTP 101", 101)),
        (_answer("799 Odd"), Unknown("HTTP 799", 799)),
        (_answer("409 Conflict", b'{"detail":"in progress"}'), Unknown("HTTP 409: in progress", 409)),
        (_answer("409 Conflict", b"{}", "Retry-After: 9"), Unknown("HTTP 409: refused", 409, 9.0)),
        (_answer("425 Too Early"), Postponed("HTTP 425")),
        (_answer("425 Too Early", b"{}", "Retry-After: 2"), Postponed("HTTP 425", 2.0)),
        (_answer("421 Misdirected Request"), Postponed("HTTP 421")),
        (_answer("413 Too Large"), Refused(413, "HTTP 413: refused")),
        (_answer("413 Too Large", b"{}", "Retry-After: 5"), Postponed("HTTP 413", 5.0)),
        (_answer("503 Busy"), Unknown("HTTP 503", 503)),
        (_answer("503 Busy", b"{}", "Retry-After: 11"), Unknown("HTTP 503", 503, 11.0)),
        (_answer("503 Busy", b"{}", "Retry-After: nan"), Unknown("HTTP 503", 503)),
        (_answer("501 Not Implemented"), Refused(501, "HTTP 501: refused")),
        (_answer("511 Login"), Refused(511, "HTTP 511: refused")),
        (_answer("429 Slow", b"{}", "Retry-After: 7"), Throttled(7.0)),
        (_answer("429 Slow", b"{}", "Retry-After: 3601"), Throttled(3600.0)),
        (
            _answer(
                "429 Slow",
                b"{}",
                "Retry-After: Sat, 02 May 2026 09:00:00 GMT",
                "Date: Fri, 01 May 2026 09:00:00 GMT",
            ),
            Throttled(3600.0),
        ),
        (_answer("429 Slow", b"{}"), Throttled(DEFAULT_RETRY_AFTER)),
        (_answer("429 Slow", b"{}", "Retry-After: soon"), Throttled(DEFAULT_RETRY_AFTER)),
        (
            _answer(
                "429 Slow",
                b"{}",
                "Date: Fri, 01 May 2026 09:00:00 GMT",
                "Retry-After: Fri, 01 May 2026 09:02:00 GMT",
            ),
            Throttled(120.0),
        ),
        (_answer("429 Slow", b"{}", "Retry-After: 86400"), Throttled(LONGEST_RETRY_AFTER)),
        (
            _answer(
                "429 Slow",
                b"{}",
                "Date: Fri, 01 May 2026 09:00:00 GMT",
                "Retry-After: Sat, 02 May 2026 09:00:00 GMT",
            ),
            Throttled(LONGEST_RETRY_AFTER),
        ),
        (
            _answer(
                "429 Slow",
                b"{}",
                "Date: Fri, 01 May 2026 09:00:00 GMT",
                "Retry-After: Fri, 01 May 2026 08:59:00 GMT",
            ),
            Throttled(0.0),
        ),
        (_answer("429 Slow", b"{}", "Retry-After: nan"), Throttled(DEFAULT_RETRY_AFTER)),
        (_answer("429 Slow", b"{}", "Retry-After: -5"), Throttled(DEFAULT_RETRY_AFTER)),
        (_answer("429 Slow", b"{}", "Retry-After: " + "9" * 5000), Throttled(DEFAULT_RETRY_AFTER)),
    ],
)
def test_an_answer_says_what_is_known_of_the_effect(answer: bytes, outcome: Outcome) -> None:
    with _serve(answer) as url:
        assert _call(url) == outcome


def test_the_connection_is_kept_for_the_next_call(ma_url: str) -> None:
    transport = Transport(Endpoint(base_url=ma_url))
    try:
        for _ in range(3):
            transport.send("GET", "/_state")
        pools = transport.session.get_adapter(ma_url).poolmanager.pools  # type: ignore[attr-defined]
        (pool,) = (pools.get(key) for key in pools.keys())  # noqa: SIM118 - it is no dict
        assert (pool.num_connections, pool.num_requests) == (1, 3)
    finally:
        transport.close()


def test_an_answer_that_drips_for_ever_is_given_up() -> None:
    drip = _answer("200 OK", b"1", length=1000)
    with _serve(drip, then=b"1") as url:
        assert _call(url, timeout=0.5) == Unknown("the answer did not end in time")


def test_what_no_database_can_keep_is_left_out() -> None:
    with _serve(_answer("200 OK", b'{"a\\u0000":["b\\u0000c",1]}')) as url:
        assert _call(url) == Answered(200, {"a": ["bc", 1]})


def test_a_refusal_names_no_person() -> None:
    with _serve(_answer("422 No", b'{"detail":"jane.doe@acme.example is on the list"}')) as url:
        assert _call(url) == Refused(422, "HTTP 422: [e-mail] is on the list")


def test_silence_after_sending_is_unknown() -> None:
    with _serve(_answer("200 OK"), hold=5) as url:
        assert _call(url, timeout=0.2) == Unknown("no whole answer (ReadTimeout)")


def test_a_closed_port_has_certainly_no_effect() -> None:
    assert _call("http://127.0.0.1:9") == Unreachable("no connection")


def test_a_name_without_an_address_has_certainly_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    assert _call("http://nowhere.example") == Unreachable("no connection")


def test_without_a_key_no_earlier_call_can_be_in_progress() -> None:
    with _serve(_answer("409 Conflict")) as url:
        transport = Transport(Endpoint(base_url=url))
        assert transport.send("GET", "/x") == Refused(409, "HTTP 409: refused")
        transport.close()


@pytest.mark.parametrize(
    ("status", "ours"),
    [(401, True), (402, True), (403, True), (404, False), (407, True), (422, False), (511, True)],
)
def test_only_refused_credentials_are_our_own_fault(status: int, ours: bool) -> None:
    assert Refused(status, "").concerns_caller is ours


def test_expect_sorts_failures_by_what_to_do() -> None:
    assert expect(Answered(200, [1]), "x") == [1]
    with pytest.raises(PermanentError, match="MA leads: HTTP 404"):
        expect(Refused(404, "HTTP 404"), "MA leads")
    with pytest.raises(TransientError, match="MA leads: no connection"):
        expect(Unreachable("no connection"), "MA leads")


@pytest.mark.parametrize(("timeout", "connect"), [(4.0, 4.0), (5.0, 5.0), (60.0, 5.0)])
def test_a_connection_gets_five_seconds_at_most_an_answer_its_own_time(
    timeout: float, connect: float
) -> None:
    class Watched(requests.Session):
        def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            sent.append((request, options))
            return super().send(request, **options)

    sent: list[tuple[requests.PreparedRequest, dict[str, Any]]] = []
    with _serve(_answer("200 OK")) as url:
        endpoint = Endpoint(base_url=url, token="t", timeout=timeout)
        transport = Transport(endpoint, session=Watched())
        assert transport.send("POST", "/x", body=b"{}", key="k 1", a=1) == Answered(200, {})
        assert transport.send("GET", "/y") == Answered(200, {})
        transport.close()
    (post, options), (get, _) = sent
    assert options["timeout"] == (connect, timeout)
    assert (post.url, post.body) == (f"{url}/x?a=1", b"{}")
    names = ("Authorization", "Content-Type", "Idempotency-Key")
    assert [post.headers.get(name) for name in names] == ["Bearer t", "application/json", "k 1"]
    assert [get.headers.get(name) for name in names] == ["Bearer t", None, None]
    assert get.url == f"{url}/y"


def test_an_answer_may_be_as_large_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadops.clients.transport.LARGEST_ANSWER", 10)
    with _serve(_answer("200 OK", b'"12345678"')) as url:
        assert _call(url) == Answered(200, "12345678")
    with _serve(_answer("200 OK", b'"123456789"')) as url:
        assert _call(url) == Unknown("the answer is larger than 10 bytes")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error":"e","title":"t","detail":"d"}', "d"),
        (b'{"error":"e","title":"t","detail":""}', "t"),
        (b'{"error":"e","title":"t"}', "t"),
        (b'{"error":"e"}', "e"),
        (b'{"message":"m"}', "refused"),
        (b'["d"]', "refused"),
        (b'{"detail":"' + b"x" * 250 + b'"}', "x" * 199 + "…"),
        (b"<html>", "Unusable"),
    ],
)
def test_a_refusal_gives_the_first_of_detail_title_and_error(body: bytes, reason: str) -> None:
    with _serve(_answer("422 Unusable", body)) as url:
        outcome = _call(url)
    assert isinstance(outcome, Refused)
    assert outcome.reason == f"HTTP 422: {reason}"


def test_what_an_unknown_outcome_says_of_its_target() -> None:
    assert [Unknown("", status).is_in_conflict for status in (409, 408, 503, None)] == [True] + [False] * 3
    assert Unknown("", 503, 0.0).pauses_target
    assert not Unknown("", 503).pauses_target
    assert not Unknown("", 500, 5.0).pauses_target
