"""An engineer scores past minutes again: nobody gets points twice, and what happens now comes first."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
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


def _backfill(stack: Stack, start: datetime, end: datetime) -> None:
    wanted = {
        "dag_id": "score_leads",
        "from_date": start.isoformat(),
        "to_date": end.isoformat(),
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
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute("select max(event_seq), min(recorded_at) from scoring.ledger").fetchone()
    assert row
    last_event, first_scored = row
    before = _points(stack, last_event)
    start = first_scored.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)

    _backfill(stack, start, start + timedelta(minutes=1))

    runs = stack.airflow("GET", "/dags/score_leads/dagRuns", params={"run_type": "backfill"})["dag_runs"]
    assert runs
    assert {run["state"] for run in runs} == {"success"}
    assert _points(stack, last_event) == before
    leadops = Path(sys.executable).parent / "leadops"
    audit = subprocess.run(
        [leadops, "audit"], env=stack.environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert audit.returncode == 0, audit.stdout + audit.stderr
