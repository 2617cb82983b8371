"""An engineer scores past minutes again: nobody gets points twice, and what happens now comes first."""

import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from .conftest import Stack
from .test_stack_up import wait_for

pytestmark = pytest.mark.stack

POINTS = """
    select lead_id, event_seq, rule, sum(points) from scoring.ledger
    where event_seq <= %s group by 1, 2, 3 order by 1, 2, 3
"""


def _points(stack: Stack, last_event: int) -> list[tuple[object, ...]]:
    with psycopg.connect(stack.database_url) as connection:
        return connection.execute(POINTS, [last_event]).fetchall()


def _weights(stack: Stack, run_id: str) -> set[int]:
    """Return the priorities of a run's tasks: where slots are few, the highest goes first."""
    tasks = stack.airflow("GET", f"/dags/score_leads/dagRuns/{run_id}/taskInstances")["task_instances"]
    return {task["priority_weight"] for task in tasks}


def _first_run(stack: Stack) -> dict[str, str]:
    """Wait for the first run that came to a good end."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        wanted = {"state": "success", "order_by": "run_after", "limit": 1}
        if found := stack.airflow("GET", "/dags/score_leads/dagRuns", params=wanted)["dag_runs"]:
            return dict(found[0])
        time.sleep(1)
    pytest.fail("no run of score_leads came to a good end")


def _backfill(stack: Stack, minute: str) -> None:
    wanted = {
        "dag_id": "score_leads",
        "from_date": minute,
        "to_date": minute,
        "reprocess_behavior": "completed",
        "max_active_runs": 1,
        "run_backwards": False,
        "dag_run_conf": {},
    }
    number = stack.airflow("POST", "/backfills", json=wanted)["id"]
    deadline = time.monotonic() + 240
    while stack.airflow("GET", f"/backfills/{number}")["completed_at"] is None:
        assert time.monotonic() < deadline, "the backfill does not end"
        time.sleep(1)


def test_a_backfill_over_live_runs_changes_nothing_and_the_numbers_agree(stack: Stack) -> None:
    wait_for(stack, "select exists (select 1 from delivery.batches where state = 'done')::int", 200)
    run = _first_run(stack)
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute("select max(event_seq) from scoring.ledger").fetchone()
    assert row
    before = _points(stack, row[0])

    _backfill(stack, run["logical_date"])

    again = stack.airflow("GET", f"/dags/score_leads/dagRuns/{run['dag_run_id']}")
    assert (again["run_type"], again["state"]) == ("backfill", "success")
    assert _points(stack, row[0]) == before
    leadops = Path(sys.executable).parent / "leadops"
    audit = subprocess.run(
        [leadops, "audit"], env=stack.environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_the_tasks_of_a_backfill_come_after_those_of_live_runs(stack: Stack) -> None:
    run = _first_run(stack)
    hour_before = datetime.fromisoformat(run["logical_date"]) - timedelta(hours=1)  # a minute that never ran
    for minute in (run["logical_date"], hour_before.isoformat()):
        _backfill(stack, minute)

    for run_type, weights in (("backfill", {0}), ("scheduled", {1, 2, 4, 5})):
        wanted = {"run_type": run_type, "order_by": "-run_after", "limit": 9}
        runs = stack.airflow("GET", "/dags/score_leads/dagRuns", params=wanted)["dag_runs"]
        assert len(runs) >= (2 if run_type == "backfill" else 1)
        assert [_weights(stack, each["dag_run_id"]) for each in runs] == [weights] * len(runs)
