"""Notifies whoever waits for work, in this process and in others, that there is some."""

import logging

import psycopg
from psycopg_pool import PoolTimeout

from leadops.gateway.database import Pool
from leadops.gateway.debouncer import Debouncer
from leadops.queries import Queries

queries = Queries(__file__)
logger = logging.getLogger(__name__)

#: The channels on which outbox workers and live lanes listen.
OUTBOX, EVENTS = "leadops_outbox", "leadops_events"
#: Seconds between two notifications. NOTIFY serialises commits, so it is not part of a request's transaction:
#: one notification after many requests does the same, and whoever listens polls in case one is lost.
PAUSE = 0.05


class WorkNotifier:
    """Notifies a channel after commits. A notification that fails is not repeated: listeners also poll."""

    def __init__(self, pool: Pool, channel: str) -> None:
        self._pool, self._channel = pool, channel
        self._debouncer = Debouncer(self._notify, pause=PAUSE)

    def notify(self) -> None:
        """Notify the channel soon."""
        self._debouncer.trigger()

    async def close(self) -> None:
        """Send the last notification if one is pending."""
        await self._debouncer.close()

    async def _notify(self) -> None:
        try:
            async with self._pool.connection() as connection:
                await queries.run_async(connection, "notify", channel=self._channel)
        except (psycopg.Error, PoolTimeout) as error:
            logger.warning("%s was not notified: %s", self._channel, type(error).__name__)
