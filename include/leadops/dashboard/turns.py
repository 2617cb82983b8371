"""Lets a few requests at a time into the routes: they run in threads that Airflow's own routes need too."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from leadops.dashboard.page_problems import RETRY
from leadops.gateway.problems import ProblemError

#: Requests at a time. Airflow's api-server has 40 threads for all routes; hanging pages take no more of them.
MAX_REQUESTS = 8
#: Seconds that the others wait for their turn.
TURN_SECONDS = 5.0


class Turns:
    """Hands out turns; who gets none in time is asked to come again."""

    def __init__(self) -> None:
        """Begin with all turns free."""
        self._free = asyncio.Semaphore(MAX_REQUESTS)

    async def take(self) -> None:
        """Wait for a turn. Raises ProblemError (503) where none is free in time."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            problem = "Too many pages are read at once, or the database is slow. The page tries again."
            raise ProblemError(503, problem, RETRY) from None

    def give_back(self) -> None:
        """End a turn."""
        self._free.release()


async def take_turn(request: Request) -> AsyncIterator[None]:
    """Let this request run once it is its turn; files need none."""
    turns: Turns = request.app.state.turns
    await turns.take()
    try:
        yield
    finally:
        turns.give_back()
