"""The gateway's connection pool, with a limit on every wait."""

import asyncio
import select
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from leadops.db import AsyncConnection
from leadops.gateway.gateway_settings import GatewaySettings

Pool = AsyncConnectionPool[AsyncConnection]
Answer = TypeVar("Answer")

#: Seconds after which the pool gives up an attempt to connect; the next request starts another.
RECONNECT_SECONDS = 10
#: Errors with which the server announces that it ends the connection.
SERVER_ENDS_CONNECTION = (psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown)


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


async def run_on_connection(pool: Pool, work: Callable[[AsyncConnection], Awaitable[Answer]]) -> Answer:
    """Return what `work` returns for a pooled connection.

    If the connection broke meanwhile, `work` runs once more on a connection that has just answered. The first
    run may have committed, so `work` has to be idempotent. Raises psycopg.Error or PoolTimeout.
    """
    async with pool.connection() as connection:
        try:
            return await work(connection)
        except psycopg.OperationalError as error:
            if not (connection.closed or isinstance(error, SERVER_ENDS_CONNECTION)):
                raise
            lost = error
    for _ in range(pool.max_size):  # the server may have ended others too, without notice yet
        async with pool.connection() as connection:
            try:
                await AsyncConnectionPool.check_connection(connection)
            except psycopg.OperationalError as error:
                lost = error
                continue
            return await work(connection)
    raise lost


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
