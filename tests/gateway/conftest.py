"""A gateway that really listens, on a database of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from leadops.delivery.database_mark import DatabaseMark
from leadops.delivery.outbox_worker import WorkerConfig
from leadops.events.event_settings import EventSettings
from leadops.gateway.app import create_app
from leadops.gateway.serve import serve_in_thread
from leadops.identity.identity_settings import IdentitySettings
from leadops.intake.tool_secrets import ToolSecrets
from leadops.migrations.rights import Part
from leadops.watchdog.watchdog_config import WatchdogConfig
from tests.plain_http import NO_TLS
from tests.roles import as_role
from tests.shipped import SHIPPED, change

#: The key of libraries in apps and pages.
PUBLIC_KEY = "test-public-key-0123"
KEY, TOKEN, SITE = "test-write-key-0123", "test-metrics-token-0123", "https://www.example.com"
#: The old and the new secret of forms.
FORM_SECRETS = ("test-form-secret-old-0123", "test-form-secret-new-0123")
#: The same for the identities of visitors.
IDENTITY_SECRETS = ("test-identity-secret-old-0123", "test-identity-secret-new-0123")

#: All of a gateway's secrets, by the names that `create_app` has for them.
SECRETS = {
    "write_keys": (KEY,),
    "public_write_keys": (PUBLIC_KEY,),
    "metrics_tokens": (TOKEN,),
    "form_secrets": FORM_SECRETS,
    "identity_secrets": IDENTITY_SECRETS,
}

#: Far more time than an answer takes on a busy machine; a test that waits for the end of it sets less.
PATIENT = {"connection_seconds": 30, "database_seconds": 30, "body_seconds": 60, "health_seconds": 30}

Serve = Callable[..., httpx.Client]


@pytest.fixture
def serve(database_url: str) -> Iterator[Serve]:
    """Start gateways, as the gateway's role; keyword arguments change their settings."""
    with ExitStack() as running:

        def start(
            *,
            url: str = as_role(database_url, Part.GATEWAY),
            worker_configs: Sequence[WorkerConfig] = (),
            clock: Callable[[], datetime] = lambda: datetime.now(UTC),
            watchdog: WatchdogConfig | None = None,
            refused: tuple[str, ...] = (),
            identity: IdentitySettings = SHIPPED.identity,
            tools: ToolSecrets | None = None,
            events: EventSettings = SHIPPED.events,
            mark: DatabaseMark | None = None,
            secrets: Mapping[str, tuple[str, ...]] = SECRETS,
            **changes: Any,
        ) -> httpx.Client:
            app = create_app(
                database_url=url,
                **secrets,  # type: ignore[arg-type]
                settings=change(SHIPPED.gateway, **PATIENT | changes),
                events=events,
                tools=tools,
                identity=identity,
                clock=clock,
                worker_configs=worker_configs,
                watchdog=watchdog,
                refused=refused,
                mark=mark,
            )
            address = running.enter_context(serve_in_thread(app))
            return running.enter_context(
                httpx.Client(base_url=address, timeout=60, trust_env=False, verify=NO_TLS)
            )

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
