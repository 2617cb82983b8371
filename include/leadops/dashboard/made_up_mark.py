"""Whether the pages show a simulated company: every answer and every page says so."""

import threading
import time
from collections.abc import Callable
from contextvars import ContextVar

import psycopg
from fastapi import Request
from starlette.concurrency import run_in_threadpool

from leadops.dashboard.page_database import PageDatabase
from leadops.errors import LeadopsError
from leadops.made_up.made_up_past import is_made_up

#: Whether this request reads a simulated past; answers and pages take it from here, so that none forgets it.
shows_made_up: ContextVar[bool] = ContextVar("shows_made_up", default=False)
#: Seconds until the database is asked again: the past comes in once.
KEPT_SECONDS = 30.0
#: Seconds until a database that did not say is asked again: all pages wait for each question.
FAILED_SECONDS = 5.0


class MadeUpMark:
    """Knows whether a database holds a simulated past."""

    def __init__(self, database: PageDatabase, *, ticks: Callable[[], float] = time.monotonic) -> None:
        """Take the database, and what counts seconds."""
        self._database, self._ticks = database, ticks
        self._lock = threading.Lock()
        self._is_made_up = False
        self._ask_at: float | None = None

    def find(self) -> bool:
        """Return whether the past is simulated; if the database is silent, what it said last."""
        with self._lock:
            if self._ask_at is None or self._ticks() >= self._ask_at:
                kept = KEPT_SECONDS
                try:
                    with self._database.read() as connection:
                        self._is_made_up = is_made_up(connection)
                except (psycopg.Error, LeadopsError):
                    kept = FAILED_SECONDS
                self._ask_at = self._ticks() + kept
            return self._is_made_up


async def note_made_up(request: Request) -> None:
    """Note for this request whether the past is simulated."""
    mark: MadeUpMark = request.app.state.made_up
    shows_made_up.set(await run_in_threadpool(mark.find))
