"""Readings of several calls, and the server's time, over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from leadops.errors import PermanentError, TransientError
from leadops.products.product_client import ProductClient, read_date
from leadops.products.product_rows import Call
from leadops.products.reading import Reading, RefusedCallError
from leadops.settings import Endpoint
from tests.scripted_server import ScriptedServer, serve_script


@pytest.fixture
def script() -> Iterator[ScriptedServer]:
    with serve_script() as running:
        running.respond = lambda _, path, __: {
            "/one": (200, b'{"next": "/two"}'),
            "/two": (200, b'{"value": 7}'),
            "/gone": (404, b'{"detail": "no such list"}'),
            "/down": (503, b""),
        }[path]
        yield running


def read_by_steps() -> Reading[int]:
    first = yield Call("GET", "/one")
    second = yield Call("GET", first.body["next"])
    return int(second.body["value"])


def read_with_a_way_out(path: str) -> Reading[str]:
    try:
        yield Call("GET", path)
    except RefusedCallError as refused:
        return f"refused with {refused.status}"
    return "answered"


def test_each_call_of_a_reading_gets_the_answer_to_the_one_before(script: ScriptedServer) -> None:
    assert ProductClient(Endpoint(base_url=script.url)).read(read_by_steps(), "things") == 7


def test_a_reading_may_go_on_after_a_refusal_and_ends_otherwise(script: ScriptedServer) -> None:
    client = ProductClient(Endpoint(base_url=script.url))
    assert client.read(read_with_a_way_out("/gone"), "things") == "refused with 404"
    with pytest.raises(TransientError, match=r"^things: HTTP 503$"):
        client.read(read_with_a_way_out("/down"), "things")

    def read_without() -> Reading[None]:
        yield Call("GET", "/gone")

    with pytest.raises(PermanentError, match=r"^things: HTTP 404: no such list$"):
        client.read(read_without(), "things")


def test_an_answer_says_the_servers_time(script: ScriptedServer) -> None:
    def read() -> Reading[datetime | None]:
        answer = yield Call("GET", "/one")
        return answer.server_time

    before = datetime.now(UTC).replace(microsecond=0)
    found = ProductClient(Endpoint(base_url=script.url)).read(read(), "things")
    assert found is not None
    assert before <= found <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun, 06 Nov 1994 08:49:37 +0900", datetime(1994, 11, 5, 23, 49, 37, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_the_date_of_a_response(text: str | None, time: datetime | None) -> None:
    assert read_date(text) == time
