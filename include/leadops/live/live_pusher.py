"""Sends new leads and score changes to the MA as soon as a round has made some: a thread of its own."""

import logging
import threading
from datetime import datetime, timedelta

import psycopg

from leadops.db import Connection, connect
from leadops.delivery.daily_quota import find_allowance
from leadops.delivery.delivery_settings import ROLLING
from leadops.delivery.push import run_round
from leadops.delivery.score_pusher import SCORED_TARGET, ScorePusher
from leadops.errors import LeadopsError
from leadops.lanes import Lane
from leadops.live.lane_config import LaneConfig, LaneWiring
from leadops.products.product_client import ProductClient
from leadops.settings import Endpoint

log = logging.getLogger(__name__)

#: The pusher renews its database connection after this time.
LIFETIME = timedelta(hours=1)
#: The longest pause; after it a push of the minute has come first.
LONGEST_PAUSE = timedelta(minutes=1)
#: The pause after a round in which the MA was down, and after the database went away.
PAUSE_AFTER_FAILURE = timedelta(seconds=2)
DAY = timedelta(days=1)


class LivePusher(threading.Thread):
    """One thread with its own connection and client. The minute's push sends what it leaves.

    Limits, pauses and quotas of the MA are those of every push; `config.ma` is set.
    """

    def __init__(self, config: LaneConfig, endpoint: Endpoint, wiring: LaneWiring) -> None:
        super().__init__(name="live-pusher", daemon=True)
        self._config, self._endpoint, self._wiring = config, endpoint, wiring
        self._stop_asked, self._wake = threading.Event(), threading.Event()

    def wake(self) -> None:
        """Let it look for something to send; return at once."""
        self._wake.set()

    def stop(self, *, seconds: float) -> None:
        """Ask it to end after the current call, and wait at most `seconds` for that."""
        self._stop_asked.set()
        self._wake.set()
        self.join(timeout=seconds)

    def run(self) -> None:
        """Send until stopped; reconnect to a database that went away."""
        client = ProductClient(self._endpoint)
        try:
            while not self._stop_asked.is_set():
                try:
                    with connect(self._wiring.database_url, application="leadops live push") as connection:
                        self._serve(connection, client)
                except Exception as error:  # a thread that ends is missed by nobody
                    shown = error if isinstance(error, LeadopsError) else type(error).__name__
                    log.warning("the live push waits: %s", shown)
                    if not isinstance(error, LeadopsError | psycopg.Error):
                        log.exception("the live push")
                    self._pause(PAUSE_AFTER_FAILURE)
        finally:
            client.transport.close()

    def _serve(self, connection: Connection, client: ProductClient) -> None:
        config, wiring = self._config, self._wiring
        pusher = ScorePusher(
            connection,
            client,
            SCORED_TARGET,
            config.delivery,
            wiring.clock,
            wiring.clock() + LIFETIME,
            self._stop_asked.is_set,
            identity=config.identity,
            mark=wiring.mark,
            guards=wiring.guards,
        )
        while not pusher.is_over:
            self._wake.clear()
            pause = self._send(pusher)
            if pause:
                self._pause(pause)
            else:
                self._wake.wait(LONGEST_PAUSE.total_seconds())

    def _send(self, pusher: ScorePusher) -> timedelta | None:
        """Send what is there; return for how long nothing may be sent, or None where nothing is left."""
        if obstacle := pusher.find_obstacle():
            log.warning("nothing is sent to the MA: %s", obstacle)
            return LONGEST_PAUSE
        while not pusher.is_over:
            report, wait = run_round(pusher)
            if report.is_down:
                return PAUSE_AFTER_FAILURE
            if wait:
                return min(wait, LONGEST_PAUSE)
            if not report.has_progress:
                retry = pusher.time_to_next_retry()
                return min(max(retry, PAUSE_AFTER_FAILURE), LONGEST_PAUSE) if retry is not None else None
            if report.calls and (pause := self._find_pace(pusher) * report.calls):
                self._pause(min(pause, LONGEST_PAUSE))
        return None

    def _find_pace(self, pusher: ScorePusher) -> timedelta:
        """Return the time for each call with which the calls of the day last; zero without a limit."""
        now, target = pusher.clock(), pusher.target_settings
        with pusher.connection.transaction():
            left = find_allowance(pusher.connection, pusher.target, target, Lane.LIVE, now=now)
        if left.calls is None:
            return timedelta()
        until = now + DAY if target.day_ends == ROLLING else left.ends_at
        return spread_calls(left.calls, now=now, until=until)

    def _pause(self, pause: timedelta) -> None:
        self._stop_asked.wait(pause.total_seconds())


def spread_calls(calls: int, *, now: datetime, until: datetime) -> timedelta:
    """Return the time from call to call with which `calls` last until `until` (UTC)."""
    return max(until - now, timedelta()) / max(calls, 1)
