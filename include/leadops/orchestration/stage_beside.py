"""Two tasks of a run that work side by side, one on what the other makes: when the second may end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock as ThreadLock

from leadops.db import Connection
from leadops.incidents.task_results import list_run_results
from leadops.locks import Lock, is_shared, sharing_lock
from leadops.orchestration.run import TaskRun

#: A task that is neither at work nor done is given up after this: its second try begins after ten seconds.
PATIENCE = timedelta(seconds=30)
#: So often the database is asked, however many threads wish to know.
LOOK_EVERY = timedelta(milliseconds=200)


@contextmanager
def at_work(connection: Connection, run: TaskRun) -> Iterator[None]:
    """Show that the run's task is at work, for as long as it is: the end of its connection ends that too."""
    with sharing_lock(connection, Lock.STAGES, _name_stage(run, run.task_id)):
        yield


class StageBeside:
    """The task `task_id` of the same run, seen through `connection`, which nobody else uses."""

    def __init__(self, connection: Connection, run: TaskRun, task_id: str) -> None:
        self._connection, self._run, self._task_id = connection, run, task_id
        self._name = _name_stage(run, task_id)
        self._seen_at = self._looked_at = run.clock()
        self._may_make_more, self._guard = True, ThreadLock()

    def may_make_more(self) -> bool:
        """Return whether the task may still make work: no more once it has a result, or is lost.

        Several threads may ask.
        """
        with self._guard:
            now = self._run.clock()
            if self._may_make_more and now >= self._looked_at + LOOK_EVERY:
                self._looked_at = now
                self._may_make_more = not self._is_done() and self._is_alive()
            return self._may_make_more

    def _is_done(self) -> bool:
        """Return whether its result is on record, of this run and not of one that was cleared."""
        with self._connection.transaction():
            results = list_run_results(self._connection, dag_id=self._run.dag_id, run_id=self._run.run_id)
        return any(
            result.task_id == self._task_id and result.run_started_at == self._run.started_at
            for result in results
        )

    def _is_alive(self) -> bool:
        if is_shared(self._connection, Lock.STAGES, self._name):
            self._seen_at = self._looked_at
        return self._looked_at < self._seen_at + PATIENCE


def _name_stage(run: TaskRun, task_id: str) -> str:
    return f"{run.dag_id} {run.run_id} {task_id}"
