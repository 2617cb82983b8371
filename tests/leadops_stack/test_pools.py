import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from leadops.errors import LeadopsError, TransientError
from leadops_stack.pools import POOLS, prepare_pools

from ..conftest import free_port


class Airflow(http.server.ThreadingHTTPServer):
    """The pools of an Airflow, and what it was asked to make."""

    pools: dict[str, Any]
    asked: list[str]
    #: With this status it answers first, whatever it is asked.
    trouble: int | None = None


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as Airflow's API does."""

    server: Airflow

    def do_GET(self) -> None:
        slots = self.server.pools.get(self.path.rsplit("/", 1)[-1])
        self._answer(404 if slots is None else 200, {"slots": slots})

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name, _, mask = self.path.rsplit("/", 1)[-1].partition("?")
        assert (mask, list(body)) == ("update_mask=slots", ["slots"])
        self.server.pools[name] = body["slots"]
        self._answer(200)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            return self._answer(201, {"access_token": "t"})
        self.server.asked.append(body["name"])
        status = 409 if body["name"] in self.server.pools else 201
        self.server.pools[body["name"]] = body["slots"]
        return self._answer(status)

    def _answer(self, status: int, body: Any = None) -> None:
        status, self.server.trouble = self.server.trouble or status, None
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def airflow() -> Iterator[Airflow]:
    with Airflow(("127.0.0.1", 0), Handler) as server:
        server.pools, server.asked = {}, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def prepare(airflow: Airflow, *, shards: int = 1) -> str:
    return prepare_pools(airflow.server_port, user="admin", password="p", shards=shards)


def test_a_pool_that_is_there_is_not_made_again(airflow: Airflow) -> None:
    """Airflow answers the second making with a page of traceback in its log."""
    assert prepare(airflow) == "leadops, 3 slots; leadops_daily, 1 slot"
    airflow.pools["leadops"] = 7
    airflow.asked.clear()
    assert prepare(airflow) == "leadops is there; leadops_daily is there"
    assert airflow.asked == []
    assert airflow.pools == {"leadops": 7, "leadops_daily": POOLS["leadops_daily"][0]}


def test_each_push_at_once_has_a_slot(airflow: Airflow) -> None:
    assert prepare(airflow, shards=3) == "leadops, 5 slots; leadops_daily, 1 slot"
    assert prepare(airflow, shards=4) == "leadops, 6 slots; leadops_daily is there"
    assert prepare(airflow, shards=2) == "leadops is there; leadops_daily is there"
    assert airflow.pools == {"leadops": 6, "leadops_daily": 1}


def test_a_pool_that_somebody_made_narrow_stays_so_with_one_push(airflow: Airflow) -> None:
    prepare(airflow)
    airflow.pools["leadops"] = 2
    assert prepare(airflow) == "leadops is there; leadops_daily is there"
    assert airflow.pools["leadops"] == 2


@pytest.mark.parametrize("status", [500, 503])
def test_an_airflow_in_trouble_is_worth_another_call(airflow: Airflow, status: int) -> None:
    airflow.trouble = status
    with pytest.raises(TransientError, match=str(status)):
        prepare(airflow)
    assert prepare(airflow) == "leadops, 3 slots; leadops_daily, 1 slot"


def test_a_wrong_password_is_not(airflow: Airflow) -> None:
    airflow.trouble = 401
    with pytest.raises(LeadopsError, match="password of admin") as caught:
        prepare(airflow)
    assert not isinstance(caught.value, TransientError)


def test_an_airflow_that_is_not_there_yet_is_worth_another_call() -> None:
    with pytest.raises(TransientError, match="does not answer /auth/token"):
        prepare_pools(free_port(), user="admin", password="p", shards=1)
