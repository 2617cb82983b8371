"""A change that waits is asked about in Airflow, and is in force on every machine once a human approves."""

import json
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from leadops.config.gated_settings import hash_content

from .conftest import PATIENCE, Stack
from .human import Human

pytestmark = pytest.mark.stack

DAG = "/dags/approve_changes"
#: A lead that nobody else has: somebody must have points, else nothing waits.
LEAD = 800_100_000
READER = "a machine of this test"


def read_limits(stack: Stack) -> dict[str, Any]:
    """Return the limits in force."""
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute(
            "select settings from config.gated_settings where section = 'changes'"
            " order by number desc limit 1"
        ).fetchone()
    assert row, "check_alerts has not read the settings yet"
    return dict(row[0])


def write_file(stack: Stack, limits: dict[str, Any]) -> None:
    """Let a machine have these limits in its file, as its tasks would record it."""
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            "insert into config.gated_files"
            " (reader, section, file, hash, settings, is_first, changed_at, seen_at)"
            " values (%s, 'changes', 'changes.yaml', %s, %s, false, now(), now())"
            " on conflict (reader, section) do update set hash = excluded.hash,"
            " settings = excluded.settings, changed_at = now(), seen_at = now()",
            [READER, hash_content(limits), json.dumps(limits)],
        )


@pytest.fixture
def looser(stack: Stack) -> Iterator[dict[str, Any]]:
    """Limits with a larger share, which always wait; all is taken away again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            limits = read_limits(stack)
            break
        except AssertionError:
            assert time.monotonic() < deadline
            time.sleep(2)
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            "insert into scoring.scores (lead_id, behaviour, updated_at) values (%s, 1, now())", [LEAD]
        )
    try:
        yield limits | {"max_moved_share": 0.9}
    finally:
        with psycopg.connect(stack.database_url) as connection:
            connection.execute("delete from config.gated_files where reader = %s", [READER])
            connection.execute("delete from scoring.scores where lead_id = %s", [LEAD])
            connection.execute(
                "delete from config.gated_settings where section = 'changes' and reason like 'change %%'"
            )
            connection.execute("delete from changes.changes")


def find_question(stack: Stack, deadline: float) -> str:
    """Return the path of the open question."""
    while True:
        for run in stack.airflow("GET", f"{DAG}/dagRuns")["dag_runs"]:
            path = f"{DAG}/dagRuns/{run['dag_run_id']}/taskInstances"
            tasks = stack.airflow("GET", path)["task_instances"]
            if [task["state"] for task in tasks] == ["awaiting_input"]:
                return f"{path}/approve/-1/hitlDetails"
        assert time.monotonic() < deadline, "nothing is asked"
        time.sleep(1)


def test_a_human_approves_in_airflow(stack: Stack, looser: dict[str, Any]) -> None:
    write_file(stack, looser)
    question = find_question(stack, time.monotonic() + PATIENCE)
    asked = stack.airflow("GET", question)
    assert asked["defaults"] == ["Reject"]
    assert asked["subject"].startswith("Change changes.yaml (")
    assert "changes.yaml would let changes move more" in asked["body"]
    assert read_limits(stack)["max_moved_share"] == 0.2

    human, deadline = Human(stack), time.monotonic() + PATIENCE
    while read_limits(stack)["max_moved_share"] != 0.9:
        human.approve(question)
        assert time.monotonic() < deadline, "the answer has no effect"
        time.sleep(0.5)
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute(
            "select status, decided_by, ended_at is not null from changes.changes"
        ).fetchone()
    assert row
    assert (row[0], bool(row[1]), row[2]) == ("approved", True, True)
