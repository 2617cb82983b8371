"""What the tasks of each run did, in numbers, and when each watched DAG, task or system last succeeded.

A task writes its numbers when it succeeds; the run's own page reads them. A heartbeat resolves the incidents
before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Json

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

#: The DAG that runs the checks and brings Slack up to date.
ALERTS_DAG = "check_alerts"


@dataclass(frozen=True)
class Heartbeat:
    """When (UTC) a DAG, or a task (`dag.task`), last succeeded."""

    name: str
    succeeded_at: datetime


@dataclass(frozen=True)
class MinuteMarks:
    """What the DAGs of every minute have left behind.

    `finished` changes whenever a task of theirs succeeds or fails for good, `alert_rounds` whenever
    check_alerts succeeds; `last_at` (UTC) is the last success.
    """

    finished: int
    last_at: datetime | None
    alert_rounds: int


@dataclass(frozen=True)
class TaskResult:
    """What one try of a task returned; times are UTC."""

    run_id: str
    run_type: str  # scheduled, manual, backfill …
    run_started_at: datetime
    task_id: str
    try_number: int
    finished_at: datetime
    counts: Mapping[str, Any]


def record_result(connection: Connection, result: TaskResult, *, dag_id: str) -> None:
    """Keep `result` of a task of `dag_id`, in the caller's transaction; a try that ran twice has one row."""
    queries.run(
        connection,
        "record_result",
        dag_id=dag_id,
        run_id=result.run_id,
        run_type=result.run_type,
        run_started_at=result.run_started_at,
        task_id=result.task_id,
        try_number=result.try_number,
        finished_at=result.finished_at,
        counts=Json(dict(result.counts)),
    )


def list_run_results(connection: Connection, *, dag_id: str, run_id: str) -> list[TaskResult]:
    """Return the results of one run in the order in which its tasks ended; none of a run that is unknown."""
    return queries.all(connection, "list_results", TaskResult, dag_id=dag_id, run_ids=[run_id])


def list_recent_results(connection: Connection, *, dag_id: str, max_runs: int) -> list[TaskResult]:
    """Return the results of the `max_runs` runs of `dag_id` that started last, the newest run first."""
    run_ids = queries.values(connection, "list_recent_runs", dag_id=dag_id, max_runs=max_runs)
    return queries.all(connection, "list_results", TaskResult, dag_id=dag_id, run_ids=run_ids)


def beat(connection: Connection, name: str, *, now: datetime) -> None:
    """Note that `name`, such as a dag_id, succeeded at `now`; in the caller's transaction."""
    queries.run(connection, "record_heartbeat", name=name, now=now)


def forget_beats(connection: Connection, dag: str, *, kept: Sequence[str]) -> None:
    """Forget the successes of `dag` and its tasks, those `kept` excepted; in the caller's transaction."""
    queries.run(connection, "forget_heartbeats", dag=dag, kept=list(kept))


def find_last_beat(connection: Connection, name: str) -> datetime | None:
    """Return when `name` last succeeded (UTC), or None if it never has."""
    last: datetime | None = queries.value(connection, "find_heartbeat", name=name)
    return last


def list_beats(connection: Connection, dags: Sequence[str]) -> list[Heartbeat]:
    """Return the last successes of `dags` and of their tasks, those of backfills left out; by name."""
    return queries.all(connection, "list_heartbeats", Heartbeat, dags=list(dags))


def count_beats(connection: Connection, names: Sequence[str], *, since: datetime) -> int:
    """Return how many of `names` last succeeded at `since` or later."""
    number: int = queries.value(connection, "count_heartbeats", names=list(names), since=since)
    return number


def read_minute_marks(connection: Connection, dags: Sequence[str]) -> MinuteMarks:
    """Return the marks of `dags`, the DAGs of every minute."""
    return queries.one(connection, "read_minute_marks", MinuteMarks, dags=list(dags), alerts_dag=ALERTS_DAG)
