"""The tab on the pages of DAGs and runs in Airflow: what a run did, in numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from leadops.dashboard.answers import answer_json
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.incidents.task_results import TaskResult, list_recent_results, list_run_results

router = APIRouter(tags=["runs"])

#: Runs that the tab of a DAG lists, and at most.
USUAL_RUNS, MAX_RUNS = 20, 200

DagId = Annotated[str, Path(max_length=250, description="The DAG, such as score_leads.")]


@dataclass(frozen=True)
class CountLine:
    """One thing that a task counted or found; a part of a count has its name before a point: crm.calls."""

    name: str
    value: int | float | bool | str | list[str] | None


@dataclass(frozen=True)
class TaskReport:
    """What one try of a task did; times are UTC."""

    task_id: str
    try_number: int
    finished_at: datetime
    counts: list[CountLine]


@dataclass(frozen=True)
class RunReport:
    """What a run did; no tasks: nothing of it is on record."""

    dag_id: str
    run_id: str
    run_type: str | None
    started_at: datetime | None
    tasks: list[TaskReport]


@dataclass(frozen=True)
class RecentRuns:
    """What the last runs of a DAG did, the newest first."""

    dag_id: str
    runs: list[RunReport]


def read_run(connection: Connection, *, dag_id: str, run_id: str) -> RunReport:
    """Return what a run did; one that is unknown, or did not get that far, has no tasks."""
    return _form_report(dag_id, run_id, list_run_results(connection, dag_id=dag_id, run_id=run_id))


def read_recent_runs(connection: Connection, *, dag_id: str, max_runs: int) -> RecentRuns:
    """Return what the last `max_runs` runs of a DAG did, the newest first."""
    results = list_recent_results(connection, dag_id=dag_id, max_runs=max_runs)
    by_run = groupby(results, key=lambda result: result.run_id)
    return RecentRuns(dag_id, [_form_report(dag_id, run_id, list(rows)) for run_id, rows in by_run])


def _form_report(dag_id: str, run_id: str, results: list[TaskResult]) -> RunReport:
    last = max(results, key=lambda result: result.run_started_at, default=None)
    return RunReport(
        dag_id=dag_id,
        run_id=run_id,
        run_type=last.run_type if last else None,
        started_at=last.run_started_at if last else None,
        tasks=[
            TaskReport(
                result.task_id, result.try_number, result.finished_at, list(list_counts(result.counts))
            )
            for result in results
        ],
    )


def list_counts(counts: Mapping[str, Any], *, before: str = "") -> Iterable[CountLine]:
    """Yield what a task returned as lines: {"crm": {"calls": 2}} is crm.calls 2."""
    for name, value in counts.items():
        if isinstance(value, Mapping):
            yield from list_counts(value, before=f"{before}{name}.")
        elif isinstance(value, list | tuple):
            yield CountLine(before + name, [str(part) for part in value])
        else:
            yield CountLine(before + name, value)


@router.get("/api/runs/{dag_id}", response_model=RecentRuns)
def show_recent_runs(
    dag_id: DagId,
    dashboard: DashboardDep,
    connection: ConnectionDep,
    runs: Annotated[int, Query(ge=1, le=MAX_RUNS, description="How many runs.")] = USUAL_RUNS,
) -> Response:
    """What the last runs of a DAG did, in numbers."""
    answer = read_recent_runs(connection, dag_id=dag_id, max_runs=runs)
    return answer_json(asdict(answer), as_of=dashboard.clock())


@router.get("/api/runs/{dag_id}/{run_id:path}", response_model=RunReport)
def show_run(
    dag_id: DagId,
    run_id: Annotated[str, Path(max_length=250, description="The run, as Airflow names it.")],
    dashboard: DashboardDep,
    connection: ConnectionDep,
) -> Response:
    """What a run did, in numbers; no tasks where nothing of it is on record."""
    return answer_json(asdict(read_run(connection, dag_id=dag_id, run_id=run_id)), as_of=dashboard.clock())
