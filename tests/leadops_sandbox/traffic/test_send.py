import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from leadops_sandbox.traffic.send import LONGEST_PAUSE, MOST_EVENTS, TICK, Sender
from leadops_sandbox.traffic.visits import Sending
from tests.waiting import PATIENCE, wait_until

from ...conftest import free_port


@dataclass
class Gateway:
    """A gateway that notes what it gets and answers as it is told."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    browsers: list[tuple[str | None, str | None]] = field(default_factory=list)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    noted = Gateway()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            noted.bodies.append(json.loads(body))
            noted.keys.append(self.headers["x-write-key"])
            noted.paths.append(self.path)
            noted.browsers.append((self.headers["origin"], self.headers["user-agent"]))
            status, headers = noted.answers.pop(0) if noted.answers else (202, {})
            self.send_response(status)
            for name, value in (headers | {"Content-Length": "0"}).items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    noted.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield noted
    server.shutdown()
    thread.join()
    server.server_close()


def events(count: int) -> list[dict[str, Any]]:
    return [{"event_id": str(n), "event": "mail_open"} for n in range(count)]


def views(count: int, who: str, **more: str) -> list[dict[str, Any]]:
    context = {"user_agent": f"Firefox of {who}", **more}
    return [
        {"event_id": f"{who}-{n}", "event": "page_view", "anonymous_id": who, "context": context}
        for n in range(count)
    ]


def test_one_event_goes_alone_and_many_in_batches_with_the_key(gateway: Gateway) -> None:
    sender = Sender(gateway.url, write_key="wk")
    assert sender.send(events(1)) == TICK
    assert sender.send(events(MOST_EVENTS + 5)) == TICK
    assert gateway.bodies[0] == events(1)[0]
    assert [len(body["events"]) for body in gateway.bodies[1:]] == [MOST_EVENTS, 5]
    assert set(gateway.keys) == {"wk"}
    assert sender.counts == {"sent": MOST_EVENTS + 6}


def test_forms_go_signed_and_alone_in_their_place_where_there_is_a_secret(gateway: Gateway) -> None:
    sender = Sender(gateway.url, write_key="wk", form_secret="secret-of-forms")
    form = {"event_id": "f", "event": "submit_form", "email": "ann@x.example", "properties": {"form": "c"}}
    assert sender.send([*events(2), form, *events(1)]) == TICK
    assert gateway.paths == ["/collect", "/webhook/form", "/collect"]
    assert gateway.bodies[1] == {
        "submission_id": "f",
        "email": "ann@x.example",
        "form": "c",
        "properties": {},
    }
    assert gateway.keys == ["wk", None, "wk"]
    assert sender.counts == {"sent": 4}


def test_each_browser_sends_its_own_events_without_a_key(gateway: Gateway) -> None:
    sender = Sender(gateway.url, write_key="wk", origin="https://shop.example")
    assert sender.send([*views(2, "ann"), *views(1, "bob"), *events(2), *views(1, "bob")]) == TICK
    assert gateway.bodies == [
        {"events": views(2, "ann", site="shop.example")},
        views(1, "bob", site="shop.example")[0],
        {"events": events(2)},
        views(1, "bob", site="shop.example")[0],
    ]
    assert gateway.keys == [None, None, "wk", None]
    sites = [("https://shop.example", f"Firefox of {who}") for who in ("ann", "bob")]
    assert [gateway.browsers[place] for place in (0, 1, 3)] == [*sites, sites[1]]
    assert gateway.browsers[2][0] is None


def test_a_foreign_page_stops_no_server(gateway: Gateway) -> None:
    gateway.answers = [(403, {}), (403, {}), (202, {})]
    sender = Sender(gateway.url, write_key="wk")
    assert sender.send([*views(2, "ann"), *events(1)]) > TICK  # another key may come
    assert sender.counts == {"refused": 2}
    assert sender.send([]) == TICK
    assert sender.counts == {"refused": 2, "sent": 1}


def test_only_what_the_site_signs_is_signed(gateway: Gateway) -> None:
    identify = {"event": "identify", "email": "ann@x.example", "user_id": "u-1"}
    now = datetime(2026, 7, 1, tzinfo=UTC)
    sender = Sender(gateway.url, write_key="wk", identity_secret="secret-of-identities")
    signed = sender.sign(Sending(now, "valid", identify, signs=True))
    text = b"email:ann@x.example\nuser_id:u-1"
    expected = hmac.new(b"secret-of-identities", text, hashlib.sha256).hexdigest()
    assert signed == identify | {"signature": expected}
    assert sender.sign(Sending(now, "valid", identify)) == identify
    assert Sender(gateway.url, write_key="wk").sign(Sending(now, "valid", identify, signs=True)) == identify


def test_what_was_not_taken_goes_again_after_a_growing_pause(gateway: Gateway) -> None:
    gateway.answers = [(503, {}), (500, {}), (401, {}), (429, {"Retry-After": "60"})]
    sender = Sender(gateway.url, write_key="wk")
    pauses = [sender.send(events(2)), *(sender.send([]) for _ in range(3))]
    assert pauses[:3] == sorted(set(pauses[:3]))
    assert pauses[0] > TICK
    assert pauses[3] == 60
    assert sender.send([]) == TICK
    assert gateway.bodies == [{"events": events(2)}] * 5
    assert sender.counts == {"sent": 2}


def test_what_the_gateway_will_never_take_is_not_sent_again(gateway: Gateway) -> None:
    gateway.answers = [(422, {})]
    sender = Sender(gateway.url, write_key="wk")
    sender.send(events(2))
    sender.send([])
    assert (len(gateway.bodies), sender.counts) == (1, {"refused": 2})


def test_a_gateway_that_is_down_is_asked_ever_more_rarely() -> None:
    sender = Sender(f"http://127.0.0.1:{free_port()}", write_key="wk")
    pauses = [sender.send(events(1)) for _ in range(8)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


def test_the_process_sends_and_stops_at_once(gateway: Gateway) -> None:
    command = [sys.executable, "-m", "leadops_sandbox.traffic", "--gateway", gateway.url]
    command += ["--write-key-env", "KEY", "--rate", "600"]
    running = subprocess.Popen(command, env=os.environ | {"KEY": "wk"})
    wait_until(lambda: gateway.bodies)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=PATIENCE) == 0


@pytest.mark.parametrize(("option", "use"), [("form", "forms"), ("identity", "identities")])
def test_a_missing_secret_is_named_on_one_line(option: str, use: str) -> None:
    command = [sys.executable, "-m", "leadops_sandbox.traffic", "--gateway", "http://127.0.0.1:1"]
    command += ["--write-key-env", "KEY", f"--{option}-secret-env", "NO_SUCH_SECRET"]
    refused = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"KEY": "wk"}
    )
    assert refused.returncode == 1
    assert refused.stderr == f"traffic: set NO_SUCH_SECRET to the secret of {use}\n"


def test_a_missing_write_key_is_named_on_one_line() -> None:
    command = [sys.executable, "-m", "leadops_sandbox.traffic", "--gateway", "http://127.0.0.1:1"]
    refused = subprocess.run(
        [*command, "--write-key-env", "NO_SUCH_KEY"], capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr == "traffic: set NO_SUCH_KEY to the gateway's write key\n"
