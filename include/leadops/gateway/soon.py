"""Work that follows answers: done soon, once for many of them, and never in their way."""

import asyncio
from collections.abc import Awaitable, Callable


class Soon:
    """Does `work` after each call of `wake`, once at a time, with at least `pause` seconds between two."""

    def __init__(self, work: Callable[[], Awaitable[None]], *, pause: float) -> None:
        self._work, self._pause = work, pause
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Ask for the work; where it is under way, it is done again afterwards."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._wanted:
            self._wanted = False
            try:
                await self._work()
            except asyncio.CancelledError:
                self._wanted = True  # cut off by close, which does it anew
                raise
            await asyncio.sleep(self._pause)

    async def close(self) -> None:
        """End, and do what is still wanted now."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._wanted:
            self._wanted = False
            await self._work()
