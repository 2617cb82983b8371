"""What a person finds after triggering a DAG with Params that make no sense."""

import time
from typing import Any

import httpx
import psycopg
import pytest

from .conftest import PATIENCE, Stack

pytestmark = pytest.mark.stack


def trigger(stack: Stack, dag_id: str, conf: dict[str, Any]) -> str:
    body = {"conf": conf, "logical_date": None}
    return str(stack.airflow("POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])


def wait_for_failure(stack: Stack, run: str, *, tries: int = 1) -> dict[str, Any]:
    """Return the task `draw` of the run once its try number `tries` and the run itself have failed.

    A task that is cleared between the two is forgotten: the scheduler calls the run failed afterwards.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        task = stack.airflow("GET", f"{run}/taskInstances/draw")
        failed = (task["state"], task["try_number"]) == ("failed", tries)
        if failed and stack.airflow("GET", run)["state"] == "failed":
            return dict(task)
        assert time.monotonic() < deadline, task["state"]
        time.sleep(0.3)


def test_what_cannot_be_meant_is_refused_as_the_dag_is_triggered(stack: Stack) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        trigger(stack, "freeze_quarter", {"quarter": "2018-Q9"})


def test_what_is_wrong_for_good_fails_once_and_the_log_says_why(stack: Stack) -> None:
    conf = {"quarter": "2018-Q1", "from": "2018-01-01", "to": "2018-01-31"}
    run = f"/dags/report_response_times/dagRuns/{trigger(stack, 'report_response_times', conf)}"
    wait_for_failure(stack, run)
    lines = stack.airflow("GET", f"{run}/taskInstances/draw/logs/1")["content"]
    failed = next(line for line in lines if line["event"] == "Task failed with exception")
    assert failed["level"] == "error"
    assert "report_response_times: PermanentError: give a quarter" in lines[-2]["event"]
    assert failed["error_detail"][0]["exc_value"] == "give a quarter or the days from and to, not both"
    with psycopg.connect(stack.database_url) as connection:
        found = connection.execute(
            "select facts ->> 'error' from incidents.incidents"
            " where kind = 'dag_failed' and subject = 'report_response_times'"
        ).fetchall()
    assert found == [("PermanentError: give a quarter or the days from and to, not both",)]


def test_a_failed_run_can_be_cleared_at_once(stack: Stack) -> None:
    """Its deadline lies two hours ahead. What was wrong still is, so it fails again."""
    conf = {"quarter": "2018-Q1", "from": "2018-01-01", "to": "2018-01-31"}
    run = f"/dags/report_response_times/dagRuns/{trigger(stack, 'report_response_times', conf)}"
    wait_for_failure(stack, run)
    stack.airflow("POST", f"{run}/clear", json={"dry_run": False})
    wait_for_failure(stack, run, tries=2)
