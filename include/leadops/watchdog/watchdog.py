"""Watches what check_alerts cannot report: tasks or checks that stand still, a database that is down.

An alert must not depend on what it reports. So this runs in processes that Airflow does not start, and
notifies on-call by itself: the same incident, the same message, whichever process is first.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from leadops.alerts.notify_channels import notify_channels
from leadops.db import Connection, connect
from leadops.db_errors import NOT_MIGRATED
from leadops.delivery.database_mark import find_installation_id
from leadops.errors import LeadopsError, TransientError
from leadops.incidents.checks import WATCHDOG_CHECKS
from leadops.incidents.finding import fire
from leadops.incidents.incident import report_incident
from leadops.incidents.kinds import TASKS_STOPPED
from leadops.incidents.run_checks import run_checks
from leadops.incidents.task_results import MinuteMarks, read_minute_marks
from leadops.watchdog.airflow_queue import AirflowQueue, limit_statements, read_queue
from leadops.watchdog.database_outage import DatabaseOutage
from leadops.watchdog.task_state import START_FACTOR, TaskSigns, TaskState, UnchangedTimer, decide_task_state
from leadops.watchdog.watchdog_config import WatchdogConfig

log = logging.getLogger(__name__)

#: Seconds between two rounds of notifications, and between two readings of the settings.
NOTIFY_EVERY, READ_EVERY = 20.0, 60.0
#: After a gap of this many seconds between two looks (a machine that slept) everything is watched from now.
LONGEST_GAP = 45.0


class Watchdog:
    """One process's watch; `look` is called every few seconds. `ticks` counts seconds."""

    def __init__(
        self,
        config: WatchdogConfig,
        *,
        ticks: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config, self._ticks, self._sleep = config, ticks, sleep
        self._sources, self._read_at = config.shipped, -READ_EVERY
        self._outage = DatabaseOutage(config.seen_by, ticks=ticks)
        self._finished, self._queued, self._alerts = (UnchangedTimer(ticks) for _ in range(3))
        self._finished_runs = 0
        self._looked_at = ticks()
        self._notified_at = -NOTIFY_EVERY
        self._problems: set[str] = set()

    def look(self) -> TaskState:
        """Look once, and report, act and notify as needed; return the state of the tasks.

        Raises nothing that a later look may cure.
        """
        if self._ticks() - self._looked_at > LONGEST_GAP:
            self._restart_timers()
            self._alerts.restart()
        self._read_sources()
        try:
            return self._look()
        finally:
            self._looked_at = self._ticks()

    def _look(self) -> TaskState:
        marks = None
        try:
            with connect(self._config.database_url, application="leadops watchdog") as connection:
                limit_statements(connection)
                marks = read_minute_marks(connection, self._sources.alerts.watchdog.dags)
                state = self._handle(connection, marks)
                connection.commit()
                self._outage.end(connection, settings=self._sources.alerts, now=self._config.clock())
                return state
        except NOT_MIGRATED:
            self._log_once("the watchdog waits for the tables", "run `leadops migrate`")
            return TaskState.UNKNOWN
        except (psycopg.Error, TransientError) as error:
            cause = error.__cause__ if isinstance(error, TransientError) else None
            self._outage.note(type(cause or error).__name__, now=self._config.clock())
        if marks is None:
            self._restart_timers()
        self._outage.page(
            self._config.open_pager, settings=self._sources.alerts, company=self._sources.company
        )
        self._outage.notify(
            self._config.open_chat, settings=self._sources.alerts, company=self._sources.company
        )
        return TaskState.UNKNOWN

    def _handle(self, connection: Connection, marks: MinuteMarks) -> TaskState:
        """Decide from `marks` what is the matter, and do something about it; commits."""
        limits = self._sources.alerts.watchdog
        self._outage.installation = find_installation_id(connection)
        connection.commit()
        signs = self._observe(marks, self._read_queue(limits.dags))
        if marks.last_at is None and signs.queue is None:
            return TaskState.UNKNOWN  # no task has ever run here: a gateway without Airflow
        state = decide_task_state(signs, limits)
        silent_for = self._alerts.observe(marks.alert_rounds)
        factor = 1.0 if self._alerts.has_changed else START_FACTOR
        is_unwatched = silent_for >= factor * limits.alerts_after_seconds
        if state is TaskState.PAUSED:
            self._restart_timers()
        if state is TaskState.STOPPED:
            self._report(connection, signs, marks)
        if state is TaskState.STOPPED or is_unwatched:
            self._notify(connection)
        is_well = state is TaskState.PAUSED or (state is TaskState.RUNNING and not is_unwatched)
        if is_well and self._config.switch:
            self._config.switch.beat()
        return state

    def _observe(self, marks: MinuteMarks, queue: AirflowQueue | None) -> TaskSigns:
        if queue:
            self._finished_runs = queue.finished
        finished_for = self._finished.observe((marks.finished, self._finished_runs))
        queued_for = self._queued.observe(queue and queue.oldest_id)
        return TaskSigns(finished_for, self._finished.has_changed, queued_for, queue)

    def _read_queue(self, dags: tuple[str, ...]) -> AirflowQueue | None:
        """Return the state of Airflow's tasks; None where it is not known, which is logged once."""
        if not self._config.airflow_database_url:
            return None
        try:
            queue = read_queue(self._config.airflow_database_url, dags)
        except (psycopg.Error, TransientError) as error:
            self._log_once("the watchdog cannot read Airflow's database", type(error).__name__)
            return None
        return queue

    def _report(self, connection: Connection, signs: TaskSigns, marks: MinuteMarks) -> None:
        """Open the incident, or add what is known now; let `act` do something about it."""
        now = self._config.clock()
        since = now - timedelta(seconds=signs.finished_for)
        minutes = round(signs.finished_for / 60, 1)
        facts: dict[str, Any] = {"minutes": minutes, "worst": minutes, "seen_by": self._config.seen_by}
        if marks.last_at:
            facts["last_at"] = marks.last_at.isoformat()
        if signs.queue and signs.queue.queued:
            facts |= {"queued": signs.queue.queued, "queued_minutes": round(signs.queued_for / 60, 1)}
        report_incident(connection, fire(TASKS_STOPPED, facts, since=since), now=now)
        connection.commit()
        if done := self._config.act(signs.finished_for):
            report_incident(connection, fire(TASKS_STOPPED, {**facts, **done}, since=since), now=now)
            connection.commit()
            self._restart_timers()

    def _notify(self, connection: Connection) -> None:
        """Do what check_alerts would do for the DAGs: resolve, escalate, bring both channels up to date."""
        if self._ticks() - self._notified_at < NOTIFY_EVERY:
            return
        self._notified_at = self._ticks()
        alerts, company = self._sources.alerts, self._sources.company
        run_checks(
            connection,
            WATCHDOG_CHECKS,
            settings=alerts,
            calendar=_WithoutHolidays(company.zone),
            now=self._config.clock(),
            are_all=False,
        )
        try:
            result = notify_channels(
                connection,
                open_chat=self._config.open_chat,
                open_pager=self._config.open_pager,
                settings=alerts,
                company=company,
                clock=self._config.clock,
                sleep=self._sleep,
            )
        except LeadopsError as error:
            self._log_once("the watchdog cannot notify on-call", str(error))
            return
        for problem in (*result.pages.problems, *result.slack.problems):
            self._log_once("the watchdog notifies on-call later", problem)

    def _read_sources(self) -> None:
        if self._ticks() - self._read_at < READ_EVERY:
            return
        self._read_at = self._ticks()
        try:
            self._sources = self._config.read_sources()
        except (LeadopsError, OSError) as error:
            self._log_once("the watchdog keeps its settings", str(error))

    def _restart_timers(self) -> None:
        self._finished.restart()
        self._queued.restart()

    def _log_once(self, what: str, why: str) -> None:
        line = f"{what}: {why}"
        if line not in self._problems:
            log.warning("%s", line)
            self._problems.add(line)


@dataclass(frozen=True)
class _WithoutHolidays:
    """A calendar for checks that use none."""

    zone: ZoneInfo

    def is_holiday(self, day: date) -> bool:  # noqa: ARG002
        """Return False."""
        return False
