"""The dead man's switch: one call a minute, whatever the other side does, and never its address in a log."""

import http.server
import logging
import threading
from collections.abc import Iterator

import pytest

from leadops.watchdog import dead_mans_switch
from leadops.watchdog.dead_mans_switch import DeadMansSwitch, open_switch
from tests.own_log import own_messages

SECRET = "5d1f8a0e-secret"


class Receiver(http.server.ThreadingHTTPServer):
    """Counts calls and answers each with `status`, once `may_answer` is set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[str] = []
        self.status = 200
        self.may_answer = threading.Event()
        self.may_answer.set()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.calls.append(f"{self.command} {self.path}")  # type: ignore[attr-defined]
        self.server.may_answer.wait(30)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.may_answer.set()
        server.shutdown()


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make(receiver: Receiver) -> tuple[DeadMansSwitch, Ticks]:
    ticks = Ticks()
    return DeadMansSwitch(f"http://127.0.0.1:{receiver.server_port}/{SECRET}", ticks=ticks), ticks


def beat(switch: DeadMansSwitch) -> None:
    switch.beat()
    if switch._call:
        switch._call.join(30)


def test_one_call_a_minute_while_all_is_well(receiver: Receiver) -> None:
    switch, ticks = make(receiver)
    for ticks.now in (0, 10, 59.9, 60, 70, 125, 300):
        beat(switch)
    assert receiver.calls == [f"GET /{SECRET}"] * 4  # at 0, 60, 125 and 300


def test_a_slow_receiver_is_not_waited_for_and_gets_no_second_call(receiver: Receiver) -> None:
    switch, ticks = make(receiver)
    receiver.may_answer.clear()
    for ticks.now in (0, 60, 120):
        switch.beat()
    receiver.may_answer.set()
    beat(switch)
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("fault", ["refusal", "silence", "nobody"])
def test_its_failure_is_logged_once_and_without_its_address(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    switch, ticks = make(receiver)
    if fault == "refusal":
        receiver.status = 404
    elif fault == "silence":
        monkeypatch.setattr(dead_mans_switch, "TIMEOUT", 0.1)
        receiver.may_answer.clear()
    else:
        switch = DeadMansSwitch(f"http://127.0.0.1:1/{SECRET}", ticks=ticks)
    for ticks.now in (0, 60, 120):
        beat(switch)
    assert [message.split(":")[0] for message in own_messages(caplog)] == ["the dead man's switch fails"]
    assert SECRET not in caplog.text


def test_it_says_when_it_is_answered_again(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    switch, ticks = make(receiver)
    receiver.status = 500
    beat(switch)
    receiver.status, ticks.now = 200, 60
    beat(switch)
    assert own_messages(caplog) == [
        "the dead man's switch fails: HTTPError 500",
        "the dead man's switch answers again",
    ]


@pytest.mark.parametrize(
    "url", [f"ftp://example.com/{SECRET}", f"hc-ping.com/{SECRET}", f"https:///{SECRET}", f"http://[{SECRET}"]
)
def test_what_is_no_address_is_a_warning_without_it(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert open_switch(url) is None
    assert "LEADOPS_HEARTBEAT_URL" in caplog.text
    assert SECRET not in caplog.text


def test_without_an_address_there_is_none() -> None:
    assert open_switch("") is None
    assert open_switch("https://hc-ping.com/x") is not None
