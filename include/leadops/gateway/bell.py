"""Tells the delivery workers, of this process and of others, that something waits for them."""

import logging

import psycopg
from psycopg_pool import PoolTimeout

from leadops.gateway.database import Pool
from leadops.gateway.soon import Soon

logger = logging.getLogger(__name__)

#: The channel of LISTEN and NOTIFY.
CHANNEL = "leadops_outbox"
#: Seconds between two rings. NOTIFY makes commits wait for one another, so it is not part of each form's
#: transaction: one after many does the same, and workers look by themselves where one is lost.
PAUSE = 0.05


class Bell:
    """Rings after commits; a ring that fails is not repeated, for the workers also look by themselves."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._soon = Soon(self._notify, pause=PAUSE)

    def ring(self) -> None:
        """Tell the workers soon."""
        self._soon.wake()

    async def close(self) -> None:
        """Ring a last time where that is still wanted."""
        await self._soon.close()

    async def _notify(self) -> None:
        try:
            async with self._pool.connection() as connection:
                await connection.execute(f"notify {CHANNEL}")
        except (psycopg.Error, PoolTimeout) as error:
            logger.warning("the delivery workers were not told: %s", type(error).__name__)
