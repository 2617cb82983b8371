"""Do tasks run? Decided from what has changed while we watched: pure, no I/O.

Durations are measured by a clock that no change of the time moves, and from when the watch began: neither a
stack that was just started nor a jump of the clock looks like a standstill.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from leadops.incidents.alert_settings import WatchdogSettings
from leadops.watchdog.airflow_queue import AirflowQueue

#: Before the first task has finished, everything may take this many times as long: the stack is starting.
START_FACTOR = 2.0


class TaskState(Enum):
    """Whether the tasks of every minute run."""

    RUNNING = "they run"
    PAUSED = "every DAG is paused"
    STOPPED = "none finishes, and none runs"
    UNKNOWN = "nothing has finished yet, or a task takes long"


@dataclass(frozen=True)
class TaskSigns:
    """What was seen of the tasks; durations in seconds. `queue` is None where Airflow could not be asked."""

    finished_for: float  # since the last change of what has finished
    has_finished: bool  # since we began to watch
    queued_for: float  # for which the same task has been the oldest in the queue
    queue: AirflowQueue | None


def decide_task_state(signs: TaskSigns, settings: WatchdogSettings) -> TaskState:
    """Return the state of the tasks.

    A task that runs and reports may take long: that is late, not a standstill. A task that stays in the
    executor's queue while nothing finishes is one, whatever else runs: a slot is free when a task gets there.
    """
    factor = 1.0 if signs.has_finished else START_FACTOR
    queue = signs.queue
    if queue and queue.active_dags == 0:
        return TaskState.PAUSED
    is_silent = signs.finished_for >= factor * settings.stopped_after_seconds
    if queue and queue.oldest_id:
        stuck_for = min(signs.queued_for, signs.finished_for)
        if stuck_for >= factor * settings.queued_after_seconds:
            return TaskState.STOPPED
    if is_silent and not (queue and queue.is_running):
        return TaskState.STOPPED
    return TaskState.RUNNING if signs.has_finished and not is_silent else TaskState.UNKNOWN


class UnchangedTimer:
    """Measures how long a value has stayed the same; `ticks` counts seconds."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._value: object = None
        self.restart()

    def restart(self) -> None:
        """Begin to watch now; the next value is the first."""
        self._since = self._ticks()
        self._is_first = True
        self.has_changed = False

    def observe(self, value: object) -> float:
        """Return the seconds since `value` last changed, or since the watch began."""
        if self._is_first or value != self._value:
            self.has_changed = not self._is_first
            if not self._is_first:
                self._since = self._ticks()
            self._value, self._is_first = value, False
        return self._ticks() - self._since
