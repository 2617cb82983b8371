"""A live lane: waits for events, runs rounds, follows the settings, and puts on record that it works."""

import logging
import threading
import time
from datetime import datetime, timedelta

import psycopg

from leadops.config.gated_settings import find_last_number
from leadops.db import Connection, connect
from leadops.errors import LeadopsError, TransientError
from leadops.live.lane_config import LaneConfig, LaneWiring
from leadops.live.lane_record import LaneReport, record_lane
from leadops.live.lane_round import LaneRound, RoundResult
from leadops.live.live_pusher import LivePusher
from leadops.live.stage_backoff import StageBackoff
from leadops.live.waiting_work import find_waiting_work, listen
from leadops.schema_version import find_mismatch

log = logging.getLogger(__name__)

#: How often a lane looks for changed settings and a newer database, and puts on record that it works.
READ_EVERY, BEAT_EVERY = timedelta(seconds=10), timedelta(seconds=15)
#: The pause without a database, or without settings; doubled each time up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
#: Seconds within which a lane that waits notices that it shall stop.
STOP_CHECK_SECONDS = 0.5
#: Seconds that a call to the MA has to end when the lane stops or its settings change.
PUSH_GRACE = 12.0
#: The lane renews its database connection after this time: memory of a server process only grows.
LIFETIME = timedelta(hours=1)


class LiveLane:
    """One lane; several may run at once, beside the DAG of the minute."""

    def __init__(self, wiring: LaneWiring, stop_asked: threading.Event) -> None:
        self._wiring, self._clock, self._stop_asked = wiring, wiring.clock, stop_asked
        self._started_at = wiring.clock()
        self._stages = StageBackoff(wiring.clock)
        self._config: LaneConfig | None = None
        self._number = -1  # of what was put in force last, when the settings were read
        self._pusher: LivePusher | None = None
        self._read_at: datetime | None = None
        self._beat_at: datetime | None = None
        self._report = LaneReport(is_on=True)

    def run(self) -> None:
        """Work until asked to stop; whatever goes wrong, go on after a pause."""
        pause = FIRST_PAUSE
        try:
            while not self._stop_asked.is_set():
                began = time.monotonic()
                try:
                    with connect(self._wiring.database_url, application="leadops live") as connection:
                        self._serve(connection)
                except (psycopg.Error, LeadopsError) as error:
                    if time.monotonic() - began > LONGEST_PAUSE:
                        pause = FIRST_PAUSE
                    shown = error if isinstance(error, LeadopsError) else type(error).__name__
                    log.warning("the live lane waits %.0f s: %s", pause, shown)
                    self._stop_asked.wait(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            self._stop_pusher()

    def _serve(self, connection: Connection) -> None:
        listen(connection)
        until = self._clock() + LIFETIME
        while not self._stop_asked.is_set() and self._clock() < until:
            self._follow_settings(connection)
            config = self._config
            if config is None:
                return
            self._start_pusher(config)
            started = time.monotonic()
            if config.settings.enabled and self._work(connection, config):
                self._stop_asked.wait(max(0.0, started + config.settings.round_seconds - time.monotonic()))
                seconds = 0.0
            else:
                seconds = config.settings.poll_seconds
            if self._is_due(self._beat_at, BEAT_EVERY):
                self._beat(connection, is_on=config.settings.enabled)
            if seconds:
                self._wait(connection, seconds)

    def _work(self, connection: Connection, config: LaneConfig) -> bool:
        """Run a round where something waits; return whether there was one."""
        waiting = find_waiting_work(connection)
        due = self._stages.find_next_try()
        failed = due is not None and due <= self._clock()
        blocked = self._stages.failures.keys()
        if not failed and not waiting.beyond(blocked):
            return False
        lane_round = LaneRound(connection, config, self._wiring, self._stages, number=self._number)
        result = lane_round.run(waiting)
        self._note(result)
        if result.feeds_ma and self._pusher:
            self._pusher.wake()
        return True

    def _note(self, result: RoundResult) -> None:
        report = self._report
        lags = [lag for lag in (report.lag_seconds, result.lag_seconds) if lag is not None]
        self._report = LaneReport(
            is_on=True,
            rounds=report.rounds + 1,
            events=report.events + result.events,
            leads=report.leads + result.leads,
            lag_seconds=max(lags, default=None),
        )

    def _beat(self, connection: Connection, *, is_on: bool) -> None:
        """Put on record what was done since the last time."""
        report, now = self._report, self._clock()
        report = LaneReport(
            is_on, report.rounds, report.events, report.leads, report.lag_seconds, self._stages.describe()
        )
        record_lane(connection, self._wiring.name, report, started_at=self._started_at, now=now)
        self._report, self._beat_at = LaneReport(is_on=True), now
        self._wiring.after_beat()

    def _wait(self, connection: Connection, seconds: float) -> None:
        """Wait at most `seconds` for a notification; one that arrived in the meantime counts."""
        until = time.monotonic() + seconds
        connection.autocommit = True
        while not self._stop_asked.is_set() and (left := until - time.monotonic()) > 0:
            if list(connection.notifies(timeout=min(STOP_CHECK_SECONDS, left), stop_after=1)):
                break
        connection.autocommit = False

    def _is_due(self, last: datetime | None, every: timedelta) -> bool:
        now = self._clock()
        return last is None or now - last >= every or now < last  # the clock was set back

    def _follow_settings(self, connection: Connection) -> None:
        """Take the settings in force now and then, and at once where other ones were put in force.

        A file that cannot be read leaves the settings of before, where there are any that are in force.
        """
        with connection.transaction():
            number = find_last_number(connection)
        if number == self._number and not self._is_due(self._read_at, READ_EVERY):
            return
        self._refuse_other_version(connection)
        self._read_at = self._clock()
        try:
            config = self._wiring.read_config(number)
        except LeadopsError as error:
            if self._config is None or number != self._number:
                raise
            log.warning("the live lane keeps its settings: %s", error)
            return
        self._number = number
        if config is None or config == self._config:
            return
        self._stop_pusher()
        self._config = config

    def _refuse_other_version(self, connection: Connection) -> None:
        """Raise TransientError where an upgrade went on without this lane, as a task does when it begins."""
        with connection.transaction():
            mismatch = find_mismatch(connection)
        if mismatch:
            self._stop_pusher()
            raise TransientError(mismatch.text)

    def _start_pusher(self, config: LaneConfig) -> None:
        if self._pusher is None and config.ma and config.settings.enabled:
            self._pusher = LivePusher(config, config.ma, self._wiring)
            self._pusher.start()

    def _stop_pusher(self) -> None:
        if self._pusher:
            self._pusher.stop(seconds=PUSH_GRACE)
            self._pusher = None
