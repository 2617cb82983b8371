"""What keep_house deletes from a real Airflow database, and what it leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from leadops_stack.postgres import PostgresServer

from .test_dags import ROOT

OURS, THEIRS = "decay_scores", "audit_scores"

#: Run -> DAG, state, age in days, and whether a scheduler made it.
RUNS = {
    "fresh": (OURS, "success", 13, False),
    "old": (OURS, "success", 15, False),
    "failed": (OURS, "failed", 15, False),
    "failed_long_ago": (OURS, "failed", 61, False),
    "runs_for_long": (OURS, "running", 61, False),
    "queued_for_long": (OURS, "queued", 61, False),
    "of_a_backfill": (OURS, "success", 15, False),
    "last_scheduled": (OURS, "success", 99, True),
    "of_others": (THEIRS, "success", 99, False),
}

GONE = {"old", "failed_long_ago"}


@pytest.fixture(scope="module")
def cleaned(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What two cleanings said, and what is left."""
    home: Path = tmp_path_factory.mktemp("airflow")
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute("create database airflow_of_clean_runs")
    ours = ("LEADOPS_", "AIRFLOW", "_AIRFLOW")
    url = postgres.url("airflow_of_clean_runs").replace("postgresql:", "postgresql+psycopg2:", 1)
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "include")]),
    }
    script = subprocess.run(
        [sys.executable, "-m", "tests.dags.clean_runs"], env=env, capture_output=True, text=True, cwd=ROOT
    )
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute("drop database airflow_of_clean_runs with (force)")
    assert script.returncode == 0, script.stderr[-5000:]
    *said, left = [json.loads(line) for line in script.stdout.splitlines() if line.startswith("{")]
    return {"said": said, **left}


def test_old_runs_go_with_all_that_hangs_on_them(cleaned: dict[str, Any]) -> None:
    assert set(RUNS) - set(cleaned["runs"]) == GONE
    assert set(cleaned["tasks"]) == set(cleaned["xcoms"]) == set(cleaned["runs"])
    assert cleaned["deadlines"] == len(cleaned["runs"])


def test_their_logs_go_with_them(cleaned: dict[str, Any]) -> None:
    assert set(RUNS) - set(cleaned["logs"]) == GONE


def test_the_callbacks_of_deadlines_that_are_gone_go_too(cleaned: dict[str, Any]) -> None:
    assert cleaned["callbacks"] == [len(RUNS), len(cleaned["runs"])]


def test_nothing_is_archived_and_a_second_time_changes_nothing(cleaned: dict[str, Any]) -> None:
    assert cleaned["archives"] == []
    first, second = cleaned["said"]
    assert first == {"runs": 2, "log_files": 2, "log_bytes": 8}
    assert second == {"runs": 0, "log_files": 0, "log_bytes": 0}
