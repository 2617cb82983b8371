"""The gateway's coroutines, run on a test's own connection and within its transaction."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from leadops.db import AsyncConnection, Connection
from leadops.events.event_settings import EventSettings
from leadops.events.event_store import AcceptResult
from leadops.events.event_store import accept_events as accept_events_async
from leadops.events.proof import Proof

Result = TypeVar("Result")


class AsyncCursorView:
    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    async def execute(self, *arguments: Any) -> "AsyncCursorView":
        self._cursor.execute(*arguments)
        return self

    @property
    def rowcount(self) -> int:
        return int(self._cursor.rowcount)

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()


class AsyncConnectionView:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def cursor(self, **options: Any) -> AsyncIterator[AsyncCursorView]:
        with self._connection.cursor(**options) as cursor:
            yield AsyncCursorView(cursor)

    async def execute(self, *arguments: Any) -> AsyncCursorView:
        return AsyncCursorView(self._connection.execute(*arguments))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        with self._connection.transaction():
            yield


def as_async(connection: Connection) -> AsyncConnection:
    """Return `connection` so that a coroutine can await it; it blocks all the same."""
    return cast(AsyncConnection, AsyncConnectionView(connection))


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(coroutine)


def accept_events(connection: Connection, items: list[object], **options: Any) -> AcceptResult:
    """As the gateway does for a server, in the transaction of `connection`."""
    settings: EventSettings = options.pop("settings")
    sender = options.pop("sender", Proof.WRITE_KEY)
    return run(accept_events_async(as_async(connection), items, settings=settings, sender=sender, **options))
