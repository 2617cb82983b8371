"""Sends what the outbox holds for one target as soon as it is committed: a thread with its own connection."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import psycopg

from leadops.db import Connection, connect
from leadops.delivery.database_mark import DatabaseMark
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.effect_guard import EffectGuard
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.push import run_round
from leadops.errors import LeadopsError
from leadops.products.product_client import ProductClient
from leadops.products.registry import choose_product
from leadops.queries import Queries
from leadops.settings import Endpoint

queries = Queries(__file__, topic="claim_calls")
logger = logging.getLogger(__name__)

#: `off`: no connection to the target is configured; `waiting`: the database does not answer.
WorkerState = Literal["off", "waiting", "on"]

#: The worker renews its database connection after this time.
LIFETIME = timedelta(hours=1)
#: Seconds between two polls of the outbox without a notification: a notification may be lost.
POLL_SECONDS = 10.0
#: Seconds to pause after a round in which every call failed, and after the database went away.
PAUSE_AFTER_FAILURE, PAUSE_WITHOUT_DATABASE = 2.0, 1.0
#: Seconds within which a listening worker notices that it shall stop.
STOP_CHECK_SECONDS = 0.5


@dataclass(frozen=True)
class WorkerConfig:
    """What an outbox worker needs: its target, how to reach it and the database, settings and clock (UTC).

    `mark` notices that the database went back; `guards` are asked before an effect goes out.
    """

    target: str
    endpoint: Endpoint
    database_url: str
    settings: DeliverySettings
    clock: Callable[[], datetime]
    mark: DatabaseMark | None = None
    guards: Sequence[EffectGuard] = ()


class OutboxWorker(threading.Thread):
    """One thread with its own connection, on which it listens and works; several may serve one target.

    If it is killed, at any point, another worker or the DAG deliver_outbox finishes its work.
    """

    def __init__(self, config: WorkerConfig) -> None:
        """Raise ConfigError where the connection names a product that leadops does not have."""
        super().__init__(name=f"outbox-worker-{config.target}", daemon=True)
        choose_product(config.endpoint)
        self.config = config
        self.state: WorkerState = "waiting"
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """Ask the worker to end after the current call; return at once."""
        self._stop_asked.set()

    def run(self) -> None:
        """Serve until stopped; reconnect to a database that went away."""
        config = self.config
        client = ProductClient(config.endpoint)
        try:
            while not self._stop_asked.is_set():
                try:
                    with connect(config.database_url, application="leadops outbox worker") as connection:
                        self._serve(connection, client)
                except (psycopg.Error, LeadopsError) as error:
                    logger.warning("outbox worker %s waits: %s", config.target, type(error).__name__)
                self.state = "waiting"
                self._stop_asked.wait(PAUSE_WITHOUT_DATABASE)
        finally:
            client.transport.close()

    def _serve(self, connection: Connection, client: ProductClient) -> None:
        queries.run(connection, "listen")
        connection.commit()
        self.state = "on"
        config = self.config
        until = config.clock() + LIFETIME
        pusher = EffectPusher(
            connection,
            client,
            config.target,
            config.settings,
            config.clock,
            until,
            self._stop_asked.is_set,
            mark=config.mark,
            guards=config.guards,
        )
        if obstacle := pusher.find_obstacle():
            logger.warning("outbox worker %s waits: %s", config.target, obstacle)
        while not pusher.is_over:
            report, wait = run_round(pusher)
            if wait:
                self._stop_asked.wait(min(wait.total_seconds(), POLL_SECONDS))
            elif report.is_down:
                self._stop_asked.wait(PAUSE_AFTER_FAILURE)
            elif not report.has_progress:
                retry = pusher.time_to_next_retry()
                self._listen(connection, min(POLL_SECONDS, retry.total_seconds() if retry else POLL_SECONDS))

    def _listen(self, connection: Connection, seconds: float) -> None:
        """Wait at most `seconds` for a notification; one that arrived in the meantime counts."""
        until = time.monotonic() + seconds
        connection.autocommit = True
        while not self._stop_asked.is_set() and (left := until - time.monotonic()) > 0:
            if list(connection.notifies(timeout=min(STOP_CHECK_SECONDS, left), stop_after=1)):
                break
        connection.autocommit = False


class OutboxWorkers:
    """All outbox workers of one process: for each target as many as its settings name connections."""

    def __init__(self, configs: Sequence[WorkerConfig], *, targets: tuple[str, ...] = ("ma", "crm")) -> None:
        self._targets = targets
        self._workers = [
            OutboxWorker(config)
            for config in configs
            for _ in range(config.settings.find_target(config.target).connections)
        ]

    def start(self) -> None:
        """Start all workers."""
        for worker in self._workers:
            worker.start()

    def stop(self, *, seconds: float) -> None:
        """Stop all workers and wait at most `seconds` for their current calls."""
        for worker in self._workers:
            worker.stop()
        until = time.monotonic() + seconds
        for worker in self._workers:
            worker.join(timeout=max(0.0, until - time.monotonic()))

    def list_targets(self) -> list[str]:
        """Return the targets that have workers here."""
        return [
            target
            for target in self._targets
            if any(worker.config.target == target for worker in self._workers)
        ]

    def states(self) -> dict[str, WorkerState]:
        """Return the state of each target: `on` if at least one of its workers is."""
        states: dict[str, WorkerState] = dict.fromkeys(self._targets, "off")
        for worker in self._workers:
            if states[worker.config.target] != "on":
                states[worker.config.target] = worker.state if worker.is_alive() else "off"
        return states
