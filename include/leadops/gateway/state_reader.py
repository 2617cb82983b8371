"""Reads the state of the database for /metrics: at most once in some seconds, however often it is asked."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

import psycopg

from leadops.db import AsyncConnection
from leadops.gateway.database import Pool, answer_within, run_on_connection
from leadops.gateway.gateway_settings import GatewaySettings
from leadops.metrics.database_metrics import DatabaseMetrics
from leadops.metrics.database_state import DatabaseState, read_database_state

logger = logging.getLogger(__name__)


class StateReader:
    """Keeps a reading for `metrics_cache_seconds`, and never makes two at once.

    `clock` returns the time in UTC, `ticks` counts seconds.
    """

    def __init__(
        self,
        pool: Pool,
        settings: GatewaySettings,
        *,
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool, self._settings, self._clock, self._ticks = pool, settings, clock, ticks
        self._kept = DatabaseMetrics(None, read_seconds=0.0)
        self._fresh_until = ticks() - 1.0
        self._running: asyncio.Task[DatabaseMetrics] | None = None

    async def find_metrics(self) -> DatabaseMetrics:
        """Return what the database says, or that it does not answer in time."""
        if self._ticks() < self._fresh_until:
            return self._kept
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._read())
        return await asyncio.shield(self._running)

    async def _read(self) -> DatabaseMetrics:
        began, state = time.perf_counter(), None
        try:
            state = await answer_within(
                self._settings.health_seconds, run_on_connection(self._pool, self._read_state)
            )
        except (psycopg.Error, TimeoutError) as error:
            logger.warning("metrics lack what the database says: %s", type(error).__name__)
        self._kept = DatabaseMetrics(state, read_seconds=time.perf_counter() - began)
        self._fresh_until = self._ticks() + self._settings.metrics_cache_seconds
        return self._kept

    async def _read_state(self, connection: AsyncConnection) -> DatabaseState:
        return await read_database_state(connection, now=self._clock())
