"""What the routes share: settings, secrets, the pool, rate limits, the clock."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import psycopg
from fastapi import Request

from leadops.db import AsyncConnection
from leadops.erased.erased_filter import ErasedFilter, ErasureKeyError
from leadops.events.event_settings import EventSettings
from leadops.gateway.database import Pool, answer_within, run_on_connection
from leadops.gateway.event_mark import EventMark
from leadops.gateway.gateway_metrics import GatewayMetrics
from leadops.gateway.gateway_settings import GatewaySettings
from leadops.gateway.problems import ProblemError
from leadops.gateway.rate_limiter import RateLimiter
from leadops.gateway.refusal_counter import RefusalCounter
from leadops.gateway.shared_secrets import SharedSecrets
from leadops.gateway.state_reader import StateReader
from leadops.gateway.store_probe import StoreProbe
from leadops.gateway.work_notifier import WorkNotifier
from leadops.normalization.own_networks import Network

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Gateway:
    """Settings, secrets, the pool and the rate limits of one gateway; `clock` returns the time in UTC.

    `probe` says whether the database can take an event; `refusals` counts calls with events that are refused.
    `own_networks` are the company's.
    `event_mark` lets a database be noticed that lost events, `notifier` wakes the live lanes. `metrics`
    counts what this gateway does, `state_reader` reads what the database says of the work.
    """

    settings: GatewaySettings
    events: EventSettings
    pool: Pool
    secrets: SharedSecrets
    identity_secrets: tuple[str, ...]
    browsers: RateLimiter
    senders: RateLimiter
    clock: Callable[[], datetime]
    probe: StoreProbe
    event_mark: EventMark
    notifier: WorkNotifier
    refusals: RefusalCounter
    metrics: GatewayMetrics
    state_reader: StateReader
    erased: ErasedFilter = field(default_factory=ErasedFilter)
    own_networks: tuple[Network, ...] = ()

    def note_events(self) -> None:
        """Note that events were stored."""
        self.event_mark.note_events()
        self.notifier.notify()

    async def ask(self, work: Callable[[AsyncConnection], Awaitable[Answer]], *, seconds: float) -> Answer:
        """Return what `work` returns for a pooled connection.

        `work` is idempotent: it runs once more if the connection broke. Raises a ProblemError (503,
        Retry-After) if the database does not do it within `seconds`.
        """
        try:
            return await answer_within(seconds, run_on_connection(self.pool, work))
        except ErasureKeyError as error:
            logger.warning("%s", error)
            raise ProblemError(
                503,
                "The gateway lacks a key. Send the same events again later; each counts once.",
                {"Retry-After": str(self.settings.retry_after_seconds)},
            ) from None
        except (psycopg.Error, TimeoutError) as error:
            # The class and the SQLSTATE only: the server's own words quote the data.
            self.probe.note_error(error)
            state = getattr(error, "sqlstate", None)
            logger.warning("the database did not answer: %s %s", type(error).__name__, state or "")
            raise ProblemError(
                503,
                "The database does not answer. Send the same events again later; each counts once.",
                {"Retry-After": str(self.settings.retry_after_seconds)},
            ) from None


def gateway_of(request: Request) -> Gateway:
    """Return the gateway that serves `request`."""
    gateway: Gateway = request.app.state.gateway
    return gateway
