"""Work that follows requests: done soon, once for many of them, and never in their way."""

import asyncio
from collections.abc import Awaitable, Callable


class Debouncer:
    """Runs `work` after calls of `trigger`: one run at a time, at least `pause` seconds apart."""

    def __init__(self, work: Callable[[], Awaitable[None]], *, pause: float) -> None:
        self._work, self._pause = work, pause
        self._is_pending = False
        self._task: asyncio.Task[None] | None = None

    def trigger(self) -> None:
        """Ask for a run; if one is in progress, another follows it."""
        self._is_pending = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._is_pending:
            self._is_pending = False
            try:
                await self._work()
            except asyncio.CancelledError:
                self._is_pending = True  # close() cancelled it and runs it again
                raise
            await asyncio.sleep(self._pause)

    async def close(self) -> None:
        """Stop; first run what is still pending."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._is_pending:
            self._is_pending = False
            await self._work()
