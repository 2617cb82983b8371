"""What runs did is on record: by run, and the newest runs of a DAG."""

from datetime import UTC, datetime, timedelta
from typing import Any

from leadops.db import Connection
from leadops.incidents.task_results import (
    TaskResult,
    list_recent_results,
    list_run_results,
    record_result,
)

NINE = datetime(2026, 7, 1, 9, tzinfo=UTC)


def form_result(run_id: str, task_id: str, *, minute: int = 0, **fields: Any) -> TaskResult:
    """Return the result of a task of a run that began at 09:`minute` and ended ten seconds later."""
    started = NINE + timedelta(minutes=minute)
    given: dict[str, Any] = {
        "run_id": run_id,
        "run_type": "scheduled",
        "run_started_at": started,
        "task_id": task_id,
        "try_number": 1,
        "finished_at": started + timedelta(seconds=10),
        "counts": {"rows": minute},
    }
    return TaskResult(**given | fields)


def test_the_tasks_of_a_run_come_in_the_order_in_which_they_ended(connection: Connection) -> None:
    late = form_result("r1", "resolve", finished_at=NINE + timedelta(seconds=30))
    first, again = (
        form_result("r1", "score"),
        form_result("r1", "score", try_number=2, counts={"crm": {"calls": 2}}),
    )
    for result in (late, again, first):
        record_result(connection, result, dag_id="score_leads")
    record_result(connection, form_result("r1", "score"), dag_id="another_dag")
    assert list_run_results(connection, dag_id="score_leads", run_id="r1") == [first, again, late]
    assert list_run_results(connection, dag_id="score_leads", run_id="r2") == []
    assert list_run_results(connection, dag_id="'; drop table x", run_id="../..") == []


def test_a_try_that_was_killed_after_it_was_noted_has_one_row(connection: Connection) -> None:
    record_result(connection, form_result("r1", "score"), dag_id="score_leads")
    again = form_result("r1", "score", counts={"rows": 0}, finished_at=NINE + timedelta(minutes=2))
    record_result(connection, again, dag_id="score_leads")
    assert list_run_results(connection, dag_id="score_leads", run_id="r1") == [again]


def test_the_newest_runs_of_a_dag_and_all_their_tasks(connection: Connection) -> None:
    for minute in range(5):
        for task_id in ("resolve", "score"):
            record_result(connection, form_result(f"r{minute}", task_id, minute=minute), dag_id="score_leads")
    record_result(connection, form_result("other", "poll", minute=9), dag_id="watch_sla")
    recent = list_recent_results(connection, dag_id="score_leads", max_runs=2)
    assert [(result.run_id, result.task_id) for result in recent] == [
        ("r4", "resolve"),
        ("r4", "score"),
        ("r3", "resolve"),
        ("r3", "score"),
    ]
    assert len(list_recent_results(connection, dag_id="score_leads", max_runs=99)) == 10
    assert list_recent_results(connection, dag_id="unknown", max_runs=9) == []


def test_a_run_that_was_cleared_is_listed_once_by_its_last_begin(connection: Connection) -> None:
    for minute in range(3):
        record_result(connection, form_result(f"r{minute}", "resolve", minute=minute), dag_id="score_leads")
    record_result(connection, form_result("r0", "resolve", minute=7, try_number=2), dag_id="score_leads")
    recent = list_recent_results(connection, dag_id="score_leads", max_runs=9)
    assert [(result.run_id, result.try_number) for result in recent] == [
        ("r0", 1),
        ("r0", 2),
        ("r2", 1),
        ("r1", 1),
    ]
