"""Notifies the outbox workers, of this process and of others, that the outbox holds new work."""

import logging

import psycopg
from psycopg_pool import PoolTimeout

from leadops.gateway.database import Pool
from leadops.gateway.debouncer import Debouncer
from leadops.queries import Queries

queries = Queries(__file__)
logger = logging.getLogger(__name__)

#: Seconds between two notifications. NOTIFY serialises commits, so it is not part of each form's transaction:
#: one notification after many forms does the same, and workers poll in case one is lost.
PAUSE = 0.05


class OutboxNotifier:
    """Notifies after commits. A notification that fails is not repeated, because the workers also poll."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._debouncer = Debouncer(self._notify, pause=PAUSE)

    def notify(self) -> None:
        """Notify the workers soon."""
        self._debouncer.trigger()

    async def close(self) -> None:
        """Send the last notification if one is pending."""
        await self._debouncer.close()

    async def _notify(self) -> None:
        try:
            async with self._pool.connection() as connection:
                await queries.run_async(connection, "notify")
        except (psycopg.Error, PoolTimeout) as error:
            logger.warning("the outbox workers were not notified: %s", type(error).__name__)
