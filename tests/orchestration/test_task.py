"""The decorator of all tasks, in the context that Airflow's own task runner makes."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from airflow.sdk import DAG, Param

from leadops.db import Connection
from leadops.errors import PermanentError, TransientError
from leadops.incidents.task_results import list_run_results
from leadops.migrations.rights import Part
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun
from leadops.orchestration.task import leadops_task
from tests.orchestration.execute_task import execute
from tests.own_log import own_messages
from tests.roles import as_role


@pytest.fixture(autouse=True)
def _use_database(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))


def make_dag(*bodies: Callable[..., Counts], **options: Any) -> DAG:
    """Return a DAG that runs `bodies` one after the other."""
    with DAG(
        "a_dag", schedule=None, params={"quarter": Param(None, type=["null", "string"])}, **options
    ) as dag:
        tasks = [leadops_task(body)() for body in bodies]
        for earlier, later in pairwise(tasks):
            earlier >> later
    return dag


def beats(connection: Connection) -> set[str]:
    connection.rollback()
    return {name for (name,) in connection.execute("select name from incidents.heartbeats")}


def first(run: TaskRun) -> Counts:
    """What operations read about the task."""
    with run.open_database() as connection:
        name = connection.execute("select current_setting('application_name')").fetchone()
    return {
        "name": name and name[0],
        "day": run.day.isoformat(),
        "interval": [run.start.isoformat(), run.end.isoformat()],
        "quarter": run.params["quarter"],
        "ids": [run.dag_id, run.run_id, run.task_id, run.run_type],
    }


def last(run: TaskRun) -> Counts:
    """Count something."""
    return {"new_leads": 2, "points": -3}


def test_a_task_gets_its_run(connection: Connection) -> None:
    result = execute(make_dag(first, last), "first", quarter="2026-Q3")
    assert result == {
        "name": "leadops first",
        "day": "2026-06-01",
        "interval": ["2026-05-31T15:00:00+00:00", "2026-06-01T15:00:00+00:00"],
        "quarter": "2026-Q3",
        "ids": ["a_dag", "scheduled__1", "first", "scheduled"],
    }


def test_its_name_and_page_are_those_of_the_function() -> None:
    task = make_dag(first).task_dict["first"]
    assert (task.task_id, task.doc_md) == ("first", "What operations read about the task.")


def test_the_counts_are_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "leadops.orchestration.task"):
        execute(make_dag(last), "last")
    assert "last: 2 new leads, -3 points" in own_messages(caplog)


def test_the_counts_of_each_task_are_on_record(connection: Connection) -> None:
    dag = make_dag(first, last)
    counts = execute(dag, "first")
    execute(dag, "last")
    connection.rollback()
    results = list_run_results(connection, dag_id="a_dag", run_id="scheduled__1")
    assert [(result.task_id, result.try_number, result.run_type, result.counts) for result in results] == [
        ("first", 1, "scheduled", counts),
        ("last", 1, "scheduled", {"new_leads": 2, "points": -3}),
    ]
    assert all(result.run_started_at < result.finished_at for result in results)


def test_the_dag_has_succeeded_with_its_last_task(connection: Connection) -> None:
    dag = make_dag(first, last)
    execute(dag, "first")
    assert beats(connection) == set()
    execute(dag, "last")
    assert beats(connection) == {"a_dag", "a_dag.last"}


def test_a_backfill_succeeds_under_a_name_of_its_own(connection: Connection) -> None:
    execute(make_dag(last), "last", run_type="backfill")
    assert beats(connection) == {"a_dag (backfill)", "a_dag (backfill).last"}


def refuse(run: TaskRun) -> Counts:
    """Send the database what it refuses."""
    with run.open_database() as connection:
        connection.execute(
            "insert into identity.leads (email, created_at) values ('taro@example.com', now())"
        )
        connection.execute("select 'taro@example.com'::integer")
    return {}


def test_a_task_that_fails_leaves_nothing_and_notes_no_success(connection: Connection) -> None:
    with pytest.raises(PermanentError) as caught:
        execute(make_dag(refuse), "refuse")
    assert "InvalidTextRepresentation" in str(caught.value)
    assert "taro" not in str(caught.value), "the database's own words quote the data"
    assert caught.value.__suppress_context__
    assert beats(connection) == set()
    assert list_run_results(connection, dag_id="a_dag", run_id="scheduled__1") == []
    assert connection.execute("select count(*) from identity.leads").fetchone() == (0,)


def raise_ours(run: TaskRun) -> Counts:
    """Raise an error of ours."""
    raise TransientError("not yet")


def test_an_error_of_ours_reaches_airflow_as_it_is() -> None:
    with pytest.raises(TransientError, match="not yet"):
        execute(make_dag(raise_ours), "raise_ours")


@pytest.mark.parametrize("is_migrated", [True, False])
def test_a_success_that_cannot_be_noted_fails_the_task_in_one_line(
    connection: Connection, is_migrated: bool
) -> None:
    if not is_migrated:
        connection.execute("drop schema incidents cascade")
        connection.commit()
    expected = nullcontext() if is_migrated else pytest.raises(PermanentError, match="run `leadops migrate`")
    with expected:
        assert execute(make_dag(last), "last") == {"new_leads": 2, "points": -3}


def test_a_database_that_is_down_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", "postgresql://u:sesame@127.0.0.1:9/x")
    with pytest.raises(TransientError, match="the database does not answer") as caught:
        execute(make_dag(last), "last")
    assert not isinstance(caught.value.__cause__, psycopg.Error)
    assert "sesame" not in str(caught.value)


def take(run: TaskRun, drawn: Counts) -> Counts:
    """Take what another task returned."""
    return {"taken": drawn["points"]}


def test_another_tasks_result_follows_the_run() -> None:
    with DAG("a_dag", schedule=None) as dag:
        leadops_task(take)({"points": 4})
    assert execute(dag, "take") == {"taken": 4}
