"""A large step of the threshold waits for a human in Airflow, and takes effect when one approves."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from .conftest import PATIENCE, Stack
from .human import Human

pytestmark = pytest.mark.stack

DAG = "/dags/retrain_thresholds"
#: The company's.
ZONE = ZoneInfo("Asia/Tokyo")
#: Leads that nobody else has; more of them than any salespeople have time for.
LEADS = range(800_000_000, 800_008_000)

FILL = """
    with mqls as (
        select lead_id, case when lead_id %% 2 = 0 then 60 else 90 end as total,
            %(now)s - (1 + lead_id %% 60) * interval '1 day' as at
        from generate_series(%(first)s::bigint, %(last)s) as lead_id
    ),
    filled as (
        insert into lifecycle.transitions
            (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)
        select lead_id, 1, 'mql', at, at, jsonb_build_object('total', total), '2026-Q1' from mqls
    )
    insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)
    select lead_id, 1, 'sql', at + interval '1 day', at + interval '1 day', '{}', '2026-Q1' from mqls
    where total = 90 and lead_id %% 3 = 0
"""


def wait_over_midnight() -> None:
    """Wait until midnight is over if it is near: a proposal of the day before the last one is not applied."""
    now = datetime.now(ZONE)
    soon = now + timedelta(minutes=4)
    if soon.date() != now.date():
        time.sleep((soon.replace(hour=0, minute=0, second=1, microsecond=0) - now).total_seconds())


@pytest.fixture
def day(stack: Stack) -> Iterator[str]:
    """The last whole day, with more leads than there is time for; all is taken away again."""
    wait_over_midnight()
    now = datetime.now(UTC)
    day = (now.astimezone(ZONE) - timedelta(days=1)).date().isoformat()
    ends = {"first": LEADS[0], "last": LEADS[-1], "now": now}
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(FILL, ends)
        connection.execute(
            "insert into analytics.built_days (dt, starts_at, ends_at, settings, built_at)"
            " values (%(day)s, %(now)s, %(now)s, '', %(now)s) on conflict do nothing",
            {"day": day, "now": now},
        )
        connection.execute("delete from lifecycle.thresholds")
    try:
        yield day
    finally:
        with psycopg.connect(stack.database_url) as connection:
            connection.execute(
                "delete from lifecycle.transitions where lead_id between %(first)s and %(last)s", ends
            )
            connection.execute("delete from lifecycle.thresholds")


def end_first_run(stack: Stack) -> None:
    """End the run that comes with the start of the stack: there is one run at a time."""
    deadline = time.monotonic() + PATIENCE
    while not (runs := stack.airflow("GET", f"{DAG}/dagRuns")["dag_runs"]):
        assert time.monotonic() < deadline, "the stack made no run"
        time.sleep(0.5)
    for run in runs:
        stack.airflow("PATCH", f"{DAG}/dagRuns/{run['dag_run_id']}", json={"state": "failed"})


def wait_until(
    stack: Stack,
    run: str,
    task_id: str,
    state: str,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Wait until the task is in `state`; fail at once where a task of the run has failed for good."""
    deadline = time.monotonic() + PATIENCE
    while True:
        tasks = stack.airflow("GET", f"{DAG}/dagRuns/{run}/taskInstances")["task_instances"]
        states = {task["task_id"]: task["state"] for task in tasks}
        if states.get(task_id) == state:
            return
        assert "failed" not in states.values(), states
        assert time.monotonic() < deadline, states
        meanwhile()
        time.sleep(0.3)


def decision(stack: Stack, day: str) -> tuple[Any, ...]:
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute(
            "select decided_by, value, proposed_value, waits_since is not null, answer"
            " from lifecycle.thresholds where day = %s",
            [day],
        ).fetchone()
    assert row
    return row


def test_a_human_approves_in_airflow(stack: Stack, day: str) -> None:
    end_first_run(stack)
    run = stack.airflow("POST", f"{DAG}/dagRuns", json={"logical_date": None})["dag_run_id"]
    details = f"{DAG}/dagRuns/{run}/taskInstances/approve/-1/hitlDetails"
    wait_until(stack, run, "approve", "awaiting_input")
    assert decision(stack, day) == ("kept", None, 90, True, None)
    asked = stack.airflow("GET", details)
    assert asked["defaults"] == ["Reject"]
    assert day in asked["subject"]
    assert "90 points" in asked["body"]

    human = Human(stack)
    wait_until(stack, run, "apply", "success", meanwhile=lambda: human.approve(details))
    assert decision(stack, day) == ("approved", 90, 90, False, "approved")
