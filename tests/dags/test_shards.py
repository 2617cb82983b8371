"""With `shards` in delivery.yaml, Airflow runs as many pushes at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadops.db import Connection
from leadops.orchestration.heartbeat import find_deciding_tasks
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from leadops_stack.postgres import PostgresServer
from tests.cluster import database_of

from .test_dags import ROOT


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings folder that asks for three."""
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "delivery.yaml").write_text("shards: 3\n")
    return folder


def test_all_pushes_decide_whether_the_dag_succeeded(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.dag_processing.dagbag import DagBag

    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(settings))
    bag = DagBag(str(ROOT / "dags" / "score_leads.py"))
    assert bag.import_errors == {}
    assert find_deciding_tasks(bag.dags["score_leads"]) == {"push[0]", "push[1]", "push[2]", "assign"}


def test_airflow_runs_each_of_them(
    connection: Connection, database_url: str, postgres: PostgresServer, settings: Path, tmp_path: Path
) -> None:
    ours = ("LEADOPS_", "AIRFLOW", "_AIRFLOW")
    with (
        database_of(postgres, "airflow_of_shards", template="template1") as airflow,
        serve_in_thread(tmp_path / "sandbox") as sandbox,
    ):
        http = {"conn_type": "http", "host": sandbox}
        slack = {"conn_type": "slack", "password": Tokens().slack, "extra": {"base_url": f"{sandbox}/api/"}}
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow.replace("postgresql:", "postgresql+psycopg2:", 1),
            "AIRFLOW_CONN_LEADOPS_MA": json.dumps(http | {"password": Tokens().ma}),
            "AIRFLOW_CONN_LEADOPS_CRM": json.dumps(http | {"password": Tokens().crm}),
            "AIRFLOW_CONN_LEADOPS_SLACK": json.dumps(slack),
            "LEADOPS_DATABASE_URL": database_url,
            "LEADOPS_CONFIG_DIR": str(settings),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "include")]),
        }
        script = subprocess.run(
            [sys.executable, "-m", "tests.dags.mapped_run"], env=env, capture_output=True, text=True, cwd=ROOT
        )
    assert script.returncode == 0, script.stderr[-5000:]
    (left,) = [json.loads(line) for line in script.stdout.splitlines() if line.startswith('{"tasks"')]
    assert left["tasks"] == [
        ["assign", -1, "success"],
        ["push", 0, "success"],
        ["push", 1, "success"],
        ["push", 2, "success"],
        ["qualify", -1, "success"],
        ["resolve", -1, "success"],
        ["score", -1, "success"],
    ]
    beats = {name for (name,) in connection.execute("select name from incidents.heartbeats")}
    assert beats == {
        "score_leads",
        *(f"score_leads.{task}" for task in ("push[0]", "push[1]", "push[2]", "assign")),
    }
    results = connection.execute("select task_id from incidents.task_results where task_id like 'push%'")
    assert {task for (task,) in results} == {"push[0]", "push[1]", "push[2]"}
