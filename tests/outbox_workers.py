"""Configurations of outbox workers for a sandbox, and helpers that wait for what the workers do."""

from datetime import UTC, datetime
from typing import Any

from leadops.db import Connection
from leadops.delivery.outbox_worker import WorkerConfig
from leadops.settings import Endpoint
from leadops_sandbox.settings import Tokens
from tests.shipped import SHIPPED


def make_worker_configs(
    sandbox: str, database_url: str, *, tokens: Tokens | None = None, **changes: Any
) -> list[WorkerConfig]:
    """Return those of a sandbox; `changes` are to the settings of delivery."""
    tokens = tokens or Tokens()
    settings = SHIPPED.delivery.model_copy(update={"longest_backoff_seconds": 0.2} | changes)
    return [
        WorkerConfig(
            name,
            Endpoint(base_url=sandbox, token=token, timeout=30),
            database_url,
            settings,
            lambda: datetime.now(UTC),
        )
        for name, token in (("ma", tokens.ma), ("crm", tokens.crm))
    ]


def has_sent(connection: Connection, count: int) -> bool:
    connection.rollback()
    row = connection.execute("select count(*) from delivery.outbox where state = 'done'").fetchone()
    return row is not None and row[0] == count
