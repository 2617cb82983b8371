"""A running sandbox to talk to over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class Caller:
    """Calls one stand-in with its token; a time-out on everything."""

    url: str
    token: str
    timeout: float = 60.0

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        options.setdefault("timeout", self.timeout)
        return requests.request(method, self.url + path, json=body, headers=headers, **options)


@dataclass
class Running:
    """A sandbox that runs: its callers, its clock, and a way to start it again on the same state."""

    clock: Clock
    restart: Callable[..., None]
    url: str = ""

    @property
    def ma(self) -> Caller:
        return Caller(self.url, Tokens().ma)

    @property
    def crm(self) -> Caller:
        return Caller(self.url, Tokens().crm)

    @property
    def slack(self) -> Caller:
        return Caller(self.url, Tokens().slack)

    @property
    def admin(self) -> Caller:
        return Caller(self.url, "")

    def make_lead(self, email: str = "one@a.example") -> int:
        return int(self.ma("POST", "/api/leads", {"email": email}).json()["leadId"])


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    """A sandbox with a clock of its own and salespeople who rest."""
    with ExitStack() as stack:

        def restart(**options: Any) -> None:
            stack.close()
            options = {"sales_work": False} | options
            running.url = stack.enter_context(serve_in_thread(tmp_path, clock=running.clock, **options))

        running = Running(Clock(), restart)
        restart()
        yield running
