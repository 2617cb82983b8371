"""An event to vary, the shipped settings, a connection that commits at once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from leadops.db import Connection
from leadops.events.event_settings import EventSettings
from tests.shipped import SHIPPED

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def settings() -> EventSettings:
    return SHIPPED.events


@pytest.fixture
def item() -> dict[str, Any]:
    return {
        "event_id": "e-1",
        "event": "view_pricing",
        "ts": "2026-07-01T09:29:00.000Z",
        "anonymous_id": "a-1",
        "user_id": "u-1",
        "email": "Ann@Buyers.Example ",
        "properties": {"plan": "team"},
        "context": {"page": "/pricing", "utm": {"campaign": "summer"}, "consent": True},
    }


@pytest.fixture
def autocommit(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened
