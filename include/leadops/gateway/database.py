"""The gateway's connection pool, with a limit on every wait."""

import asyncio
import select
from collections.abc import Coroutine
from typing import Any, TypeVar

from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from leadops.db import AsyncConnection
from leadops.gateway.gateway_settings import GatewaySettings

Pool = AsyncConnectionPool[AsyncConnection]
Answer = TypeVar("Answer")

#: Seconds after which the pool gives up an attempt to connect; the next request starts another.
RECONNECT_SECONDS = 10


def make_pool(url: str, settings: GatewaySettings) -> Pool:
    """Return a pool, still closed, of autocommit connections to `url` (libpq URL).

    A connection that broke while idle is replaced before it is handed out. TCP notices a vanished server
    within the database's time-out.
    """
    milliseconds = int(settings.database_seconds * 1000)
    conninfo = make_conninfo(
        url,
        application_name="leadops gateway",
        connect_timeout=max(2, round(settings.connection_seconds)),
        tcp_user_timeout=milliseconds,
        options=f"-c timezone=UTC -c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
    )
    return AsyncConnectionPool(
        conninfo,
        kwargs={"autocommit": True},
        min_size=settings.min_connections,
        max_size=max(settings.min_connections, settings.max_connections),
        timeout=settings.connection_seconds,
        reconnect_timeout=RECONNECT_SECONDS,
        check=check_if_signalled,
        open=False,
    )


async def check_if_signalled(connection: AsyncConnection) -> None:
    """Check the connection, but only if the server sent something unasked, such as its shutdown.

    A connection that received nothing is as good as before; asking would cost a round trip each time.
    Raises psycopg.Error if the connection is broken.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


async def answer_within(seconds: float, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return what `work` returns; raise TimeoutError after `seconds`, without waiting for it to stop."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        task.add_done_callback(_forget)
        raise TimeoutError
    return task.result()


def _forget(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()  # retrieved once, so that asyncio does not warn that it never was
