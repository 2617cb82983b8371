"""Sends what the outbox holds for one target as soon as it is wanted: a thread of the gateway."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import psycopg

from leadops.clients.ma import MaClient
from leadops.db import Connection, connect
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push import run_round
from leadops.delivery.rounds import Pusher
from leadops.errors import LeadopsError
from leadops.gateway.bell import CHANNEL
from leadops.settings import Endpoint

logger = logging.getLogger(__name__)

#: `off`: it has no connection to the target; `waiting`: the database does not answer it.
State = Literal["off", "waiting", "on"]

#: A connection is renewed after so long.
LIFETIME = timedelta(hours=1)
#: Seconds between two looks where no ring came: a ring may be lost.
LOOK_EVERY = 10.0
#: Seconds left in peace after nothing but failures, and after the database went away.
REST_AFTER_FAILURE, REST_WITHOUT_DATABASE = 2.0, 1.0
#: Seconds in which a stop is noticed while listening.
NOTICE = 0.5


@dataclass(frozen=True)
class Errand:
    """What a courier needs to know: its target, how to reach it and the database, and the settings."""

    target: str
    endpoint: Endpoint
    database_url: str
    settings: DeliverySettings
    clock: Callable[[], datetime]


class Courier(threading.Thread):
    """One thread with a connection of its own, on which it listens and works; several may serve a target.

    What it leaves unfinished, killed at any point, the next one or the DAG deliver_outbox finishes.
    """

    def __init__(self, errand: Errand) -> None:
        super().__init__(name=f"courier-{errand.target}", daemon=True)
        self.errand = errand
        self.state: State = "waiting"
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """Ask it to end after the call under way; returns at once."""
        self._stop_asked.set()

    def run(self) -> None:
        """Serve until stopped; a database that goes away is connected to again."""
        client = MaClient(self.errand.endpoint)
        try:
            while not self._stop_asked.is_set():
                try:
                    with connect(self.errand.database_url, application="leadops courier") as connection:
                        self._serve(connection, client)
                except (psycopg.Error, LeadopsError) as error:
                    logger.warning("the %s courier waits: %s", self.errand.target, type(error).__name__)
                self.state = "waiting"
                self._stop_asked.wait(REST_WITHOUT_DATABASE)
        finally:
            client.transport.close()

    def _serve(self, connection: Connection, client: MaClient) -> None:
        connection.execute(f"listen {CHANNEL}")
        connection.commit()
        self.state = "on"
        until = self.errand.clock() + LIFETIME
        facts = (connection, client, self.errand.target, self.errand.settings, self.errand.clock, until)
        pusher = Pusher(*facts, self._stop_asked.is_set)
        while not pusher.is_over:
            done, wait = run_round(pusher, effects_only=True)
            if wait:
                self._stop_asked.wait(min(wait.total_seconds(), LOOK_EVERY))
            elif done.is_down:
                self._stop_asked.wait(REST_AFTER_FAILURE)
            elif not done.calls and not done.dead:
                retry = pusher.time_to_next_retry(effects_only=True)
                self._listen(connection, min(LOOK_EVERY, retry.total_seconds() if retry else LOOK_EVERY))

    def _listen(self, connection: Connection, seconds: float) -> None:
        """Wait for a ring, for so many seconds at most; rings that came meanwhile count."""
        until = time.monotonic() + seconds
        connection.autocommit = True
        while not self._stop_asked.is_set() and (left := until - time.monotonic()) > 0:
            if list(connection.notifies(timeout=min(NOTICE, left), stop_after=1)):
                break
        connection.autocommit = False


class Couriers:
    """All couriers of one gateway: as many for each target as its settings name connections."""

    def __init__(self, errands: Sequence[Errand], *, targets: tuple[str, ...] = ("ma", "crm")) -> None:
        self._targets = targets
        self._couriers = [
            Courier(errand)
            for errand in errands
            for _ in range(errand.settings.find_target(errand.target).connections)
        ]

    def start(self) -> None:
        """Start all of them."""
        for courier in self._couriers:
            courier.start()

    def stop(self, *, seconds: float) -> None:
        """Stop all of them and wait up to `seconds` for the calls under way."""
        for courier in self._couriers:
            courier.stop()
        until = time.monotonic() + seconds
        for courier in self._couriers:
            courier.join(timeout=max(0.0, until - time.monotonic()))

    def states(self) -> dict[str, State]:
        """Return how each target is served."""
        states: dict[str, State] = dict.fromkeys(self._targets, "off")
        for courier in self._couriers:
            if states[courier.errand.target] != "on":
                states[courier.errand.target] = courier.state if courier.is_alive() else "off"
        return states
