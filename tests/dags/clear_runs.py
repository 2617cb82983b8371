"""Fails, clears and forgets one run of each DAG in a real Airflow database; prints what happened as JSON.

A process of its own, because Airflow reads its settings once. Everything a person does goes through Airflow's
own HTTP interface; the only thing that is moved by hand is the clock of the deadlines.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.api_fastapi.app import create_app
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models.dagrun import DagRun
from airflow.models.deadline import Deadline
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from fastapi.testclient import TestClient
from sqlalchemy import select

ROOT = Path(__file__).parents[2]
BUNDLE = "dags-folder"


def fail_and_clear(api: TestClient, dag_id: str, by: str) -> dict[str, Any]:
    """Trigger a run, let it fail, and clear it at once, as the run or as its failed tasks."""
    runs = f"/api/v2/dags/{dag_id}/dagRuns"
    created = api.post(runs, json={"logical_date": None, "conf": {}})
    created.raise_for_status()
    run_id = created.json()["dag_run_id"]
    api.patch(f"{runs}/{run_id}", json={"state": "failed"}).raise_for_status()
    before = datetime.now(UTC)
    if by == "run":
        answer = api.post(f"{runs}/{run_id}/clear", json={"dry_run": False})
    else:
        body = {"dry_run": False, "dag_run_id": run_id, "reset_dag_runs": True, "only_failed": False}
        answer = api.post(f"/api/v2/dags/{dag_id}/clearTaskInstances", json=body)
    after = datetime.now(UTC)
    with create_session() as session:
        run = session.scalars(select(DagRun).where(DagRun.run_id == run_id)).one()
        deadlines = session.scalars(select(Deadline).where(Deadline.dagrun_id == run.id)).all()
        return {
            "status": answer.status_code,
            "run_id": run_id,
            "state": str(run.state),
            # Seconds from just before and just after the clearing to the deadline.
            "seconds": [
                [(deadline.deadline_time - moment).total_seconds() for moment in (before, after)]
                for deadline in deadlines
            ],
        }


def pass_deadline(run_id: str) -> list[Any]:
    """Let the run's deadline pass, as the scheduler sees it; run the callback as the triggerer does."""
    with create_session() as session:
        run = session.scalars(select(DagRun).where(DagRun.run_id == run_id)).one()
        for deadline in session.scalars(select(Deadline).where(Deadline.dagrun_id == run.id)):
            deadline.deadline_time = datetime.now(UTC) - timedelta(seconds=1)
        session.flush()
        due = select(Deadline).where(Deadline.deadline_time < datetime.now(UTC), ~Deadline.missed)
        calls = []
        for deadline in session.scalars(due):
            deadline.handle_miss(session)
            calls.append((deadline.callback.data["path"], deadline.callback.data["kwargs"]))
    return calls


def cancel_and_backfill_again(api: TestClient) -> list[dict[str, Any]]:
    """Clear the failed run of a cancelled backfill, then do what the runbook says; return each state."""
    dag_id = "refresh_funnel"
    days = {"from_date": "2026-01-05T00:00:00+09:00", "to_date": "2026-01-05T23:59:00+09:00"}
    order = {"dag_id": dag_id, "max_active_runs": 1, "dag_run_conf": {}, **days}
    created = api.post("/api/v2/backfills", json=order)
    created.raise_for_status()
    with create_session() as session:
        of_backfill = DagRun.backfill_id == created.json()["id"]
        run_id = session.scalars(select(DagRun.run_id).where(of_backfill)).one()

    def look() -> dict[str, Any]:
        with create_session() as session:
            run = session.scalars(select(DagRun).where(DagRun.run_id == run_id)).one()
            will_run = run in DagRun.get_queued_dag_runs_to_set_running(session).all()
            return {"state": str(run.state), "will_run": will_run, "run_type": str(run.run_type)}

    def fail() -> None:
        api.patch(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}", json={"state": "failed"}).raise_for_status()

    fail()
    api.put(f"/api/v2/backfills/{created.json()['id']}/cancel").raise_for_status()
    api.post(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/clear", json={"dry_run": False}).raise_for_status()
    states = [look()]
    fail()
    again = api.post("/api/v2/backfills", json={**order, "reprocess_behavior": "failed"})
    again.raise_for_status()
    return [*states, look()]


def main() -> None:
    """Do it for every DAG of dags/."""
    initdb()
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag(str(ROOT / "dags"), bundle_name=BUNDLE, bundle_path=ROOT / "dags"), BUNDLE, None)
    results = {}
    with TestClient(create_app("core"), raise_server_exceptions=False) as api:
        token = api.get("/auth/token").json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        # First: the scheduler looks only at so many queued runs at once.
        backfill = cancel_and_backfill_again(api)
        dag_ids = [dag["dag_id"] for dag in api.get("/api/v2/dags").json()["dags"]]
        for dag_id in sorted(dag_ids):
            result = {by: fail_and_clear(api, dag_id, by) for by in ("run", "tasks")}
            calls = pass_deadline(result["run"]["run_id"])
            for path, kwargs in calls:
                module, name = path.rsplit(".", 1)
                asyncio.run(getattr(__import__(module, fromlist=[name]), name)(**kwargs))
            results[dag_id] = result | {"calls": [path for path, _ in calls]}
    json.dump({"dags": results, "backfill": backfill}, sys.stdout)


if __name__ == "__main__":
    main()
