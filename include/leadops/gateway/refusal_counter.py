"""Counts what was refused in memory, and writes the counts from time to time."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

import psycopg
from psycopg_pool import PoolTimeout

from leadops.db import AsyncConnection
from leadops.gateway.database import Pool
from leadops.gateway.debouncer import Debouncer
from leadops.intake.form_quarantine import add_form_refusals

logger = logging.getLogger(__name__)

#: Seconds between two writes: a flood of forgeries costs the database one write in this time.
PAUSE = 1.0


class AddCounts(Protocol):
    """Adds counts by reason to those in the database."""

    def __call__(
        self, connection: AsyncConnection, counts: Mapping[str, int], *, now: datetime
    ) -> Awaitable[None]:
        """Add `counts` to those of the five minutes that contain `now`."""
        ...


class RefusalCounter:
    """Counts in memory and adds them by `add`; the next write makes up for one that fails."""

    def __init__(
        self, pool: Pool, *, clock: Callable[[], datetime], add: AddCounts = add_form_refusals
    ) -> None:
        self._pool, self._clock, self._add = pool, clock, add
        self._counts: Counter[str] = Counter()
        self._debouncer = Debouncer(self._write, pause=PAUSE)

    def count(self, reason: str) -> None:
        """Count one refusal."""
        self._counts[reason] += 1
        self._debouncer.trigger()

    async def close(self) -> None:
        """Write what is left."""
        await self._debouncer.close()

    async def _write(self) -> None:
        counts, self._counts = self._counts, Counter()
        try:
            async with self._pool.connection() as connection:
                await self._add(connection, counts, now=self._clock())
        except (psycopg.Error, PoolTimeout) as error:
            logger.warning("refusals are not counted yet: %s", type(error).__name__)
            self._counts += counts
