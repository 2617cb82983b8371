"""A failed run of every DAG can be cleared while its deadline lies ahead, and the deadline still alarms."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from leadops_stack.postgres import PostgresServer
from tests.cluster import database_of

from .test_dags import EXPECTED, ROOT

#: Seconds from the moment a run is queued to its deadline; the daily ones have two hours.
DEADLINES = {
    **dict.fromkeys(
        ("check_alerts", "deliver_outbox", "run_canary", "score_leads", "send_nurture", "watch_sla"), 180.0
    ),
    "retrain_thresholds": 18 * 3600.0,
    "approve_changes": 102 * 3600.0,
}


@pytest.fixture(scope="module")
def cleared(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What happened to a run of each DAG, and the incidents that are on record afterwards."""
    home: Path = tmp_path_factory.mktemp("airflow")
    with (
        database_of(postgres, "airflow_of_clear_runs", template="template1") as airflow,
        database_of(postgres, "leadops_of_clear_runs") as leadops,
    ):
        ours = ("LEADOPS_", "AIRFLOW", "_AIRFLOW")
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow.replace("postgresql:", "postgresql+psycopg2:", 1),
            "LEADOPS_DATABASE_URL": leadops,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "include")]),
        }
        script = subprocess.run(
            [sys.executable, "-m", "tests.dags.clear_runs"], env=env, capture_output=True, text=True, cwd=ROOT
        )
        assert script.returncode == 0, script.stderr[-5000:]
        results = json.loads(script.stdout.splitlines()[-1])
        with psycopg.connect(leadops) as connection:
            rows = connection.execute("select kind, subject, facts ->> 'run_id' from incidents.incidents")
            yield {**results, "incidents": set(rows.fetchall())}


def test_each_dag_was_tried(cleared: dict[str, Any]) -> None:
    assert set(cleared["dags"]) == set(EXPECTED)


@pytest.mark.parametrize("by", ["run", "tasks"])
@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_failed_run_is_queued_again_with_its_whole_deadline(
    cleared: dict[str, Any], dag_id: str, by: str
) -> None:
    result = cleared["dags"][dag_id][by]
    assert (result["status"], result["state"]) == (200, "queued")
    [[from_before, from_after]] = result["seconds"]
    assert from_after <= DEADLINES.get(dag_id, 7200.0) <= from_before


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_the_deadline_of_a_cleared_run_still_alarms(cleared: dict[str, Any], dag_id: str) -> None:
    result = cleared["dags"][dag_id]
    assert result["calls"] == ["leadops.orchestration.callbacks.open_deadline_incident"]
    assert ("run_missed_deadline", dag_id, result["run"]["run_id"]) in cleared["incidents"]


def test_a_run_of_a_cancelled_backfill_runs_again_as_the_runbook_says(cleared: dict[str, Any]) -> None:
    """Cleared, it stays queued for good; marked as failed and backfilled again, it runs."""
    assert cleared["backfill"] == [
        {"state": "queued", "will_run": False, "run_type": "backfill"},
        {"state": "queued", "will_run": True, "run_type": "backfill"},
    ]
