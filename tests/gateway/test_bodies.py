"""The body of a call, at the bounds of its size, its time and its shape."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import Request

from leadops.gateway.bodies import check_content_type, parse_items, read_body
from leadops.gateway.problems import ProblemError


def request(*chunks: bytes, hangs: bool = False, breaks: bool = False, **headers: str) -> Request:
    """A request whose body comes in `chunks`, and then ends, hangs or breaks off."""
    names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]
    if breaks:
        messages.append({"type": "http.disconnect"})
    elif not hangs:
        messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, Any]:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    return Request({"type": "http", "method": "POST", "headers": names}, receive)


def read(asked: Request, *, max_bytes: int = 4, seconds: float = 60) -> bytes:
    work: Callable[[], Awaitable[bytes]] = lambda: read_body(asked, max_bytes=max_bytes, seconds=seconds)  # noqa: E731

    async def run() -> bytes:
        return await work()

    return asyncio.run(run())


def refused(call: Callable[[], Any]) -> int:
    with pytest.raises(ProblemError) as caught:
        call()
    return caught.value.status


def test_a_body_may_be_as_large_as_the_limit_and_no_larger() -> None:
    assert read(request(b"12", b"34")) == b"1234"
    assert refused(lambda: read(request(b"12", b"345"))) == 413
    assert read(request(b"1234", content_length="4")) == b"1234"
    assert refused(lambda: read(request(b"1", content_length="5"))) == 413
    assert read(request(b"1", content_length="many")) == b"1", "a length that is not a number says nothing"
    assert refused(lambda: read(request(b"1", content_length="9" * 5000))) == 413


def test_a_body_that_hangs_or_breaks_off_is_refused() -> None:
    assert refused(lambda: read(request(b"1", hangs=True), seconds=0.01)) == 408
    assert refused(lambda: read(request(b"1", breaks=True))) == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "application/json"}, None),
        ({"content_type": "Application/JSON ; charset=utf-8"}, None),
        ({"content_type": "text/plain;charset=UTF-8"}, None),
        ({"content_type": "application/json", "content_encoding": "identity"}, None),
        ({"content_type": "application/json", "content_encoding": "gzip"}, 415),
        ({"content_type": "application/jsonp"}, 415),
        ({}, 415),
    ],
)
def test_json_is_sent_under_two_names_and_uncompressed(headers: dict[str, str], status: int | None) -> None:
    if status is None:
        check_content_type(request(**headers))
    else:
        assert refused(lambda: check_content_type(request(**headers))) == status


def test_a_caller_may_allow_fewer_names() -> None:
    only = ("application/json",)
    assert refused(lambda: check_content_type(request(content_type="text/plain"), allowed=only)) == 415


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (b'{"a": 1}', [{"a": 1}]),
        (b'[{"a": 1}, 2]', [{"a": 1}, 2]),
        (b'{"events": [1, 2]}', [1, 2]),
        (b'{"events": [1], "a": 1}', [{"events": [1], "a": 1}]),  # an event that has a field of this name
        (b"[]", []),
        (b"\xef\xbb\xbf[1]", [1]),  # a byte order mark
    ],
)
def test_one_event_a_list_or_a_list_by_name(body: bytes, items: list[Any]) -> None:
    assert parse_items(body, max_events=2) == items


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"[1, 2, 3]", 413), (b"7", 400), (b'{"events": 7}', 400), (b"[1", 400), (b"\xff", 400), (b"", 400)],
)
def test_what_is_not_a_batch_is_refused(body: bytes, status: int) -> None:
    assert refused(lambda: parse_items(body, max_events=2)) == status
