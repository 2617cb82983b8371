"""Do tasks run? Worked by hand: 120 s without a finished task, 90 s for the same task in the queue."""

import pytest

from leadops.watchdog.airflow_queue import AirflowQueue
from leadops.watchdog.task_state import TaskSigns, TaskState, UnchangedTimer, decide_task_state
from tests.shipped import SHIPPED, change

LIMITS = change(SHIPPED.alerts.watchdog, stopped_after_seconds=120, queued_after_seconds=90)
RUNNING, PAUSED, STOPPED, UNKNOWN = (
    TaskState.RUNNING,
    TaskState.PAUSED,
    TaskState.STOPPED,
    TaskState.UNKNOWN,
)


def queue(oldest: str | None = None, *, runs: bool = False, active: int = 4) -> AirflowQueue:
    return AirflowQueue(
        oldest_id=oldest, queued=int(bool(oldest)), is_running=runs, active_dags=active, finished=7
    )


@pytest.mark.parametrize(
    ("finished_for", "has_finished", "queued_for", "seen", "state"),
    [
        # A minute like any other, and one whose tasks take long.
        (60, True, 0, queue(), RUNNING),
        (119.9, True, 0, queue(), RUNNING),
        (300, True, 0, queue(runs=True), UNKNOWN),
        # The scheduler hangs: nothing is queued, nothing runs.
        (120, True, 0, queue(), STOPPED),
        # The executor hangs: the same task stays queued, even if an old task still runs.
        (89.9, True, 89.9, queue("a"), RUNNING),
        (90, True, 90, queue("a"), STOPPED),
        (95, True, 95, queue("a", runs=True), STOPPED),
        # The queue is long, but moves on; or the oldest waits for its turn while others finish.
        (130, True, 10, queue("b", runs=True), UNKNOWN),
        (5, True, 500, queue("a"), RUNNING),
        # Just started: twice the time, and no claim that tasks run.
        (100, False, 100, queue("a"), UNKNOWN),
        (179.9, False, 179.9, queue("a"), UNKNOWN),
        (180, False, 180, queue("a"), STOPPED),
        (239.9, False, 0, queue(), UNKNOWN),
        (240, False, 0, queue(), STOPPED),
        # Every DAG is paused: nobody waits. One that is not paused is enough.
        (9999, True, 0, queue(active=0), PAUSED),
        (9999, True, 9999, queue("a", active=0), PAUSED),
        (120, True, 0, queue(active=1), STOPPED),
        # Airflow's database cannot be asked: what the tasks leave behind has to do.
        (119.9, True, 500, None, RUNNING),
        (120, True, 0, None, STOPPED),
        (239.9, False, 0, None, UNKNOWN),
        (240, False, 0, None, STOPPED),
    ],
)
def test_the_state_of_the_tasks(finished_for, has_finished, queued_for, seen, state) -> None:
    assert decide_task_state(TaskSigns(finished_for, has_finished, queued_for, seen), LIMITS) is state


def test_a_value_is_unchanged_since_it_changed_or_the_watch_began() -> None:
    ticks = iter([100.0, 103.0, 107.0, 110.0, 110.0, 115.0, 200.0, 204.0]).__next__
    timer = UnchangedTimer(ticks)  # 100
    assert (timer.observe("a"), timer.has_changed) == (3.0, False)
    assert (timer.observe("a"), timer.has_changed) == (7.0, False)
    assert (timer.observe("b"), timer.has_changed) == (0.0, True)
    assert (timer.observe("b"), timer.has_changed) == (5.0, True)
    timer.restart()  # 200
    assert (timer.observe("c"), timer.has_changed) == (4.0, False)
