"""A gateway that really listens, on a database of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from leadops.events.settings import EventSettings
from leadops.gateway.app import create_app
from leadops.gateway.serve import serve_in_thread
from leadops.gateway.settings import GatewaySettings
from leadops.settings import load_config

KEY, TOKEN, SITE = "test-write-key-0123", "test-metrics-token-0123", "https://www.example.com"

Serve = Callable[..., httpx.Client]


@pytest.fixture
def serve(database_url: str) -> Iterator[Serve]:
    """Start gateways; keyword arguments change their settings."""
    with ExitStack() as running:

        def start(*, url: str = database_url, **changes: Any) -> httpx.Client:
            settings = load_config("gateway", GatewaySettings)
            app = create_app(
                database_url=url,
                write_key=KEY,
                metrics_token=TOKEN,
                settings=GatewaySettings.model_validate(settings.model_dump() | changes),
                events=load_config("events", EventSettings),
                clock=lambda: datetime.now(UTC),
            )
            address = running.enter_context(serve_in_thread(app))
            return running.enter_context(httpx.Client(base_url=address, timeout=30, trust_env=False))

        yield start


@pytest.fixture
def gateway(serve: Serve) -> httpx.Client:
    """A browser on an allowed page of a gateway with the shipped settings."""
    client = serve()
    client.headers.update({"Origin": SITE, "User-Agent": "Mozilla/5.0 (X11) Firefox/127.0"})
    return client


@pytest.fixture
def item() -> dict[str, Any]:
    return {
        "event_id": "e-1",
        "event": "view_pricing",
        "ts": datetime.now(UTC).isoformat(),
        "anonymous_id": "a-1",
        "properties": {"plan": "team"},
    }
