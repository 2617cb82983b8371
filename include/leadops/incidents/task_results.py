"""What the tasks of each run did, in numbers: written when a task succeeds, read by the run's own page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Json

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


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
