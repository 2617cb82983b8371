"""A canary's world with everything at work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadops.db import Connection
from leadops_sandbox.serve import serve_in_thread
from tests.canary.world import CanaryWorld
from tests.gateway.conftest import Serve, serve

__all__ = ["serve"]


@pytest.fixture
def world(connection: Connection, database_url: str, serve: Serve, tmp_path: Path) -> Iterator[CanaryWorld]:
    with serve_in_thread(tmp_path, sales_work=False) as sandbox:
        made = CanaryWorld(database_url, "", sandbox, connection)
        made.gateway_url = str(serve(clock=made.clock).base_url).rstrip("/")
        yield made
