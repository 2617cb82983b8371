"""Lets runs of two DAGs grow old in a real Airflow database, cleans, and prints what is left as JSON.

A process of its own, because Airflow reads its settings once. One DAG is ours, the other one somebody else's.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.api_fastapi.app import create_app
from airflow.configuration import conf
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models.backfill import Backfill
from airflow.models.callback import Callback
from airflow.models.dag import DagTag
from airflow.models.dagrun import DagRun
from airflow.models.deadline import Deadline
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, inspect, select, update

from leadops.orchestration import clean_airflow
from tests.dags.test_clean_runs import RUNS, THEIRS

ROOT = Path(__file__).parents[2]
BUNDLE = "dags-folder"


def make_run(api: TestClient, run_id: str, *, now: datetime) -> None:
    """Trigger a run with an XCom and a log, and put it into the past."""
    dag_id, state, days, is_scheduled = RUNS[run_id]
    runs = f"/api/v2/dags/{dag_id}/dagRuns"
    api.post(runs, json={"logical_date": None, "dag_run_id": run_id, "conf": {}}).raise_for_status()
    [task] = api.get(f"{runs}/{run_id}/taskInstances").json()["task_instances"]
    xcoms = f"{runs}/{run_id}/taskInstances/{task['task_id']}/xcomEntries"
    api.post(xcoms, json={"key": "return_value", "value": 1}).raise_for_status()
    then = now - timedelta(days=days)
    values: dict[str, Any] = {"state": state, "start_date": then, "queued_at": then}
    if is_scheduled:
        values |= {"run_type": "scheduled"}
    with create_session() as session:
        session.execute(update(DagRun).where(DagRun.run_id == run_id).values(values))
        session.execute(
            update(TaskInstance).where(TaskInstance.run_id == run_id).values(start_date=then, state=state)
        )
        session.execute(update(XComModel).where(XComModel.run_id == run_id).values(timestamp=then))
    log = Path(
        conf.get("logging", "base_log_folder"), f"dag_id={dag_id}", f"run_id={run_id}", "attempt=1.log"
    )
    log.parent.mkdir(parents=True)
    log.write_text("done")
    for path in (log, log.parent):
        os.utime(path, (then.timestamp(), then.timestamp()))


def put_into_backfill(run_id: str) -> None:
    """Make the run one of a backfill that is not complete."""
    with create_session() as session:
        backfill = Backfill(dag_id=RUNS[run_id][0], from_date=datetime.now(UTC), to_date=datetime.now(UTC))
        session.add(backfill)
        session.flush()
        session.execute(update(DagRun).where(DagRun.run_id == run_id).values(backfill_id=backfill.id))


def main() -> None:
    """Clean as keep_house does, twice."""
    now = datetime.now(UTC)
    initdb()
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag(str(ROOT / "dags"), bundle_name=BUNDLE, bundle_path=ROOT / "dags"), BUNDLE, None)
    with TestClient(create_app("core"), raise_server_exceptions=False) as api:
        token = api.get("/auth/token").json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        for run_id in RUNS:
            make_run(api, run_id, now=now)
    put_into_backfill("of_a_backfill")
    with create_session() as session:
        session.execute(delete(DagTag).where(DagTag.dag_id == THEIRS))
        session.execute(update(Callback).values(created_at=now - timedelta(days=99)))
        callbacks = session.scalar(select(func.count()).select_from(Callback))
    clean_airflow.main()
    sys.stdout.flush()
    clean_airflow.main()
    logs = Path(conf.get("logging", "base_log_folder"))
    with create_session() as session:
        left = {
            "runs": sorted(session.scalars(select(DagRun.run_id))),
            "tasks": sorted(session.scalars(select(TaskInstance.run_id))),
            "xcoms": sorted(session.scalars(select(XComModel.run_id))),
            "deadlines": session.scalar(select(func.count()).select_from(Deadline)),
            "callbacks": [callbacks, session.scalar(select(func.count()).select_from(Callback))],
            "archives": [
                name for name in inspect(session.connection()).get_table_names() if "deleted" in name
            ],
            "logs": sorted(path.name.removeprefix("run_id=") for path in logs.glob("dag_id=*/run_id=*")),
        }
    json.dump(left, sys.stdout)


if __name__ == "__main__":
    main()
