import asyncio
from typing import Any

import pytest

from leadops_sandbox.faults.wire import reset


def test_a_server_that_hides_its_connection_is_named() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        return None

    with pytest.raises(RuntimeError, match="need uvicorn"):
        asyncio.run(reset(receive, send))
