"""A Slack to talk to over real HTTP, a clock that stands still, and a quick way to look at a channel."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_sdk import WebClient

from leadops.clients.chat import ApiChat
from leadops.incidents.alert_settings import AlertSettings
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from leadops_sandbox.slack.store import WEBHOOK_CHANNEL, channel_id
from tests.cluster import free_port
from tests.left_as_found import share_sandbox
from tests.shipped import SHIPPED, change

CALM = change(
    SHIPPED.alerts,
    mention="<!subteam^S0ONCALL>",
    seconds_between_calls=0,
    runbook_base_url="https://wiki.example/runbooks",
)


START = datetime(2026, 7, 30, 17, 0, tzinfo=UTC)


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


@dataclass
class Slack:
    """One channel of the stand-in."""

    url: str
    clock: Clock
    channel: str = field(default_factory=lambda: f"C{secrets.token_hex(5).upper()}")

    def chat(self, *, url: str | None = None, token: str = Tokens().slack, timeout: float = 60.0) -> ApiChat:
        base_url = f"{url or self.url}/api/"
        client = WebClient(token, base_url=base_url, timeout=timeout)  # type: ignore[arg-type]
        return ApiChat(client, self.channel)

    def fault(self, kind: str, *, path: str = "/api/*", **rule: Any) -> None:
        body = {"target": "slack", "kind": kind, "path": path, **rule}
        requests.post(f"{self.url}/_faults", json=body, timeout=60).raise_for_status()

    def nowhere(self) -> str:
        """Return a URL at which nobody answers."""
        return f"http://127.0.0.1:{free_port()}"

    def webhook_channel(self) -> str:
        """Return the id of the channel into which the stand-in's webhook posts."""
        return channel_id(WEBHOOK_CHANNEL)

    def heal(self) -> None:
        requests.delete(f"{self.url}/_faults", timeout=60).raise_for_status()

    def messages(self) -> list[dict[str, Any]]:
        """Return the channel's messages, the oldest first, without replies."""
        answer = self._read("conversations.history", {"channel": self.channel})
        return answer["messages"][::-1]

    def replies(self, ts: str) -> list[dict[str, Any]]:
        """Return the replies in the thread of the message `ts`."""
        answer = self._read("conversations.replies", {"channel": self.channel, "ts": ts})
        return answer["messages"][1:]

    def _read(self, method: str, values: dict[str, str]) -> dict[str, Any]:
        answer = requests.post(
            f"{self.url}/api/{method}",
            data=values | {"include_all_metadata": "1", "limit": "999"},
            headers={"Authorization": f"Bearer {Tokens().slack}"},
            timeout=60,
        ).json()
        assert answer["ok"], answer
        return answer


@pytest.fixture(scope="session")
def slack_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Clock]]:
    clock = Clock()
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with serve_in_thread(folder, clock=clock) as url, share_sandbox(url, fixture="slack_server"):
        yield url, clock


@pytest.fixture
def slack(slack_server: tuple[str, Clock]) -> Iterator[Slack]:
    """A channel of its own, on a Slack that is well."""
    slack = Slack(*slack_server)
    slack.clock.now = START
    yield slack
    slack.heal()


@pytest.fixture
def clock(slack: Slack) -> Clock:
    """The clock of the test and of Slack."""
    return slack.clock


@pytest.fixture
def settings() -> AlertSettings:
    """Settings without pauses."""
    return CALM
