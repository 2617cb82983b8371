"""Raises the mark of the database after events came in, so that a database that lacks them is noticed."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import psycopg

from leadops.db import connect
from leadops.delivery.database_mark import DatabaseMark
from leadops.errors import LeadopsError
from leadops.gateway.debouncer import Debouncer

logger = logging.getLogger(__name__)

#: Seconds between two rises: what came in after the last one may be lost without a trace.
PAUSE = 1.0


class EventMark:
    """Raises `mark` soon after events were stored, beside the requests; without a mark it does nothing.

    A rise that fails is not repeated: the next events bring the next one. `clock` returns the time in UTC.
    """

    def __init__(
        self, mark: DatabaseMark | None, database_url: str, *, clock: Callable[[], datetime]
    ) -> None:
        self._mark, self._url, self._clock = mark, database_url, clock
        self._debouncer = Debouncer(self._raise_beside, pause=PAUSE)

    def note_events(self) -> None:
        """Raise the mark soon: events are stored."""
        if self._mark is not None:
            self._debouncer.trigger()

    async def close(self) -> None:
        """Raise it for the last events."""
        await self._debouncer.close()

    async def _raise_beside(self) -> None:
        try:
            await asyncio.to_thread(self._raise)
        except (psycopg.Error, LeadopsError, OSError) as error:
            logger.warning("the mark of the database was not raised: %s", type(error).__name__)

    def _raise(self) -> None:
        if self._mark is None:
            return
        with connect(self._url) as connection:
            self._mark.advance(connection, now=self._clock())
