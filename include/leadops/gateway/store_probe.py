"""Can the database take an event? Tried with one that is stored and rolled back, as a visitor's would be."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import psycopg

from leadops.db import AsyncConnection
from leadops.db_errors import NOT_MIGRATED
from leadops.erased.erased_filter import ErasedFilter, ErasureKeyError
from leadops.events.event_settings import EventSettings
from leadops.events.event_store import accept_events
from leadops.events.proof import Proof
from leadops.gateway.database import Pool, answer_within, run_on_connection
from leadops.gateway.gateway_settings import GatewaySettings
from leadops.incidents.task_results import ALERTS_DAG
from leadops.queries import Queries
from leadops.schema_version import find_mismatch_async

queries = Queries(__file__)
logger = logging.getLogger(__name__)

#: What each refusal to write means for whoever runs the gateway.
REFUSALS: dict[type[psycopg.Error], str] = {
    psycopg.errors.DiskFull: "The disk of the database is full; free space on it.",
    psycopg.errors.ReadOnlySqlTransaction: (
        "The database takes no writes; point LEADOPS_DATABASE_URL at the primary."
    ),
    psycopg.errors.InsufficientPrivilege: (
        "The gateway's role lacks a right in the database; run `leadops migrate --roles`, then"
        " `leadops check database`."
    ),
    **dict.fromkeys(NOT_MIGRATED, "The database lacks the tables; run `leadops migrate`."),
}


@dataclass(frozen=True)
class TargetPause:
    """A target to which nothing is sent before a time (UTC)."""

    target: str
    paused_until: datetime


@dataclass(frozen=True)
class StoreState:
    """What a probe found: why no event can be stored, or nothing; and what the database says besides.

    `last_check_at` is when check_alerts last succeeded, `pauses` are the targets that are paused.
    """

    reason: str = ""
    last_check_at: datetime | None = None
    pauses: tuple[TargetPause, ...] = ()


class StoreProbe:
    """Probes at most once in `health_cache_seconds` while all is well, and never twice at once.

    A refusal that a request met counts as a probe that failed. `clock` returns the time in UTC, `ticks`
    counts seconds.
    """

    def __init__(
        self,
        pool: Pool,
        settings: GatewaySettings,
        events: EventSettings,
        *,
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
        erased: ErasedFilter | None = None,
    ) -> None:
        self._pool, self._settings, self._events = pool, settings, events
        self._clock, self._ticks, self._erased = clock, ticks, erased
        self._state = StoreState()
        self._fresh_until = ticks() - 1.0
        self._running: asyncio.Task[StoreState] | None = None

    async def find_state(self) -> StoreState:
        """Return whether an event can be stored, as known for a few seconds or as tried now."""
        if self._ticks() < self._fresh_until:
            return self._state
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._probe())
        return await asyncio.shield(self._running)

    def note_error(self, error: BaseException) -> None:
        """Note what a request met, if it says that nothing can be stored."""
        if isinstance(error, tuple(REFUSALS)):
            self._keep(StoreState(explain_store_error(error)))

    async def _probe(self) -> StoreState:
        try:
            state = await answer_within(
                self._settings.health_seconds, run_on_connection(self._pool, self._try_to_store)
            )
        except ErasureKeyError as error:
            logger.warning("no event can be stored: %s", error)
            return StoreState(str(error))
        except (psycopg.Error, TimeoutError) as error:
            logger.warning("no event can be stored: %s", type(error).__name__)
            return StoreState(explain_store_error(error))
        self._keep(state)
        return state

    async def _try_to_store(self, connection: AsyncConnection) -> StoreState:
        now = self._clock()
        item: dict[str, object] = {
            "event_id": f"probe-{uuid4()}",
            "event": "probe",
            "ts": now.isoformat(),
            "anonymous_id": "probe",
        }
        if mismatch := await find_mismatch_async(connection):
            logger.warning("%s", mismatch.text)
            return StoreState(f"{mismatch.text[0].upper()}{mismatch.text[1:]}.")
        async with connection.transaction(force_rollback=True):
            await accept_events(
                connection,
                [item],
                now=now,
                settings=self._events,
                sender=Proof.CLAIM,
                user_agent="probe",
                erased=self._erased,
            )
        last = await queries.value_async(connection, "find_last_check", name=ALERTS_DAG)
        pauses = await queries.all_async(connection, "list_pauses", TargetPause, now=now)
        return StoreState("", last, tuple(pauses))

    def _keep(self, state: StoreState) -> None:
        self._state = state
        self._fresh_until = self._ticks() + self._settings.health_cache_seconds


def explain_store_error(error: BaseException) -> str:
    """Return why an event cannot be stored and what to do: none of the server's words, which quote data."""
    for refusal, text in REFUSALS.items():
        if isinstance(error, refusal):
            return text
    state = getattr(error, "sqlstate", None)
    return f"The database does not answer ({type(error).__name__}{f', SQLSTATE {state}' if state else ''})."
