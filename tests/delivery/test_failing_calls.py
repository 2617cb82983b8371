"""Calls that the other side can never answer must not keep the others from being made."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.delivery_fixture import DeliveryFixture, clock
from tests.waiting import wait_until


class PickyMa(BaseHTTPRequestHandler):
    """An MA that breaks down over every address with "ill" in it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "ill" in body.get("email", ""):
            self._answer(500, {})
        elif "email" in body:
            self._answer(200, {"leadId": int(body["externalId"])})
        else:
            rows = body.get("updates", [body])
            self._answer(200, {"results": [{"deltaId": row["deltaId"], "status": "applied"} for row in rows]})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def picky(desk: DeliveryFixture) -> Iterator[DeliveryFixture]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), PickyMa)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield DeliveryFixture(desk.url, f"http://127.0.0.1:{server.server_port}", settings=desk.settings)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("ill", [3, 6, 25])
def test_however_many_calls_are_ill_the_good_ones_arrive(picky: DeliveryFixture, ill: int) -> None:
    for number in range(ill):
        picky.add_lead(email=f"ill{number}.{time.time_ns()}@example.com")
    good = []
    for minute in range(4):
        picky.clock = lambda minute=minute: clock() + timedelta(minutes=minute)
        good.append(picky.add_lead())
        picky.score(good[-1], 7)
        picky.push(seconds=2)
    picky.clock = lambda: clock() + timedelta(minutes=10)

    def have_arrived() -> bool:
        picky.push(seconds=2)  # on a slow machine two seconds are few calls
        done = "select coalesce(sum(deltas), 0)::int from delivery.batches where state = 'done'"
        return picky.value(done) == len(good)

    wait_until(have_arrived)
    known = picky.value("select array_agg(lead_id order by lead_id) from delivery.external_ids")
    assert known == good
    assert picky.value("select sum(deltas)::int from delivery.batches where state = 'done'") == 4
    assert picky.value("select count(*) from delivery.outbox where state = 'sending'") == ill
