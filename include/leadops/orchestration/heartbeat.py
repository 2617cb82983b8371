"""Notes what a task did, and that a DAG succeeded, which resolves its open incidents."""

from collections.abc import Collection
from math import prod
from typing import Any

from leadops.db import Connection
from leadops.incidents.task_results import TaskResult, beat, count_beats, forget_beats, record_result
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import BACKFILL, TaskRun

#: Trigger rules under which a task runs although a task before it failed.
RUNS_AFTER_FAILURE = ("all_done", "all_done_min_one_success", "always", "one_done", "one_failed")


def name_dag(dag_id: str, run_type: str) -> str:
    """Return the name of a run's DAG among incidents and heartbeats; backfills have one of their own."""
    return f"{dag_id} (backfill)" if run_type == BACKFILL else dag_id


def name_task(task: Any, map_index: int) -> str:
    """Return the name of an Airflow task among heartbeats and results: its id, such as push.

    Where a task runs several times at once (`expand`), each has its number: push[1].
    """
    names = _list_names(task)
    return names[0] if len(names) == 1 else f"{task.task_id}[{map_index}]"


def find_deciding_tasks(dag: Any) -> frozenset[str]:
    """Return the names of the tasks whose success is that of the whole run.

    These are the last tasks of `dag`, an Airflow DAG, and those before a task that runs whatever became of
    them. The success of every other task is implied by that of a later one.
    """
    deciding, pending = set(), list(dag.leaves)
    while pending:
        task = pending.pop()
        deciding.update(_list_names(task))
        if task.trigger_rule in RUNS_AFTER_FAILURE:
            pending.extend(task.upstream_list)
    return frozenset(deciding)


def _list_names(task: Any) -> list[str]:
    if not task.is_mapped:
        return [task.task_id]
    lengths = [len(values) for values in task._get_specified_expand_input().value.values()]
    return (
        [f"{task.task_id}[{number}]" for number in range(prod(lengths))]
        if prod(lengths) > 1
        else [task.task_id]
    )


def note_success(connection: Connection, run: TaskRun, *, deciding: Collection[str]) -> None:
    """Note that the run's task succeeded, and its DAG once all tasks of `deciding` have in this run.

    Commits twice: of tasks that end at the same moment, the last one sees all others. A backfill's success
    says nothing about the live DAG: it is noted under a name of its own. Of tasks that the DAG no longer
    waits for, such as a shard that is gone, nothing is kept.
    """
    dag = name_dag(run.dag_id, run.run_type)
    with connection.transaction():
        beat(connection, f"{dag}.{run.task_id}", now=run.clock())
    with connection.transaction():
        names = [f"{dag}.{task_id}" for task_id in deciding]
        if count_beats(connection, names, since=run.started_at) == len(names):
            beat(connection, dag, now=run.clock())
            forget_beats(connection, dag, kept=[dag, *names])


def note_result(connection: Connection, run: TaskRun, counts: Counts) -> None:
    """Keep what the run's task did, for the run's page; in the caller's transaction."""
    result = TaskResult(
        run_id=run.run_id,
        run_type=run.run_type,
        run_started_at=run.started_at,
        task_id=run.task_id,
        try_number=run.try_number,
        finished_at=run.clock(),
        counts=counts,
    )
    record_result(connection, result, dag_id=run.dag_id)
