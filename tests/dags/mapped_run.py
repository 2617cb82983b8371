"""Runs score_leads once in a real Airflow database, and prints the state of each of its tasks as JSON.

A process of its own, because Airflow reads its settings once.
"""

import json
import sys
from pathlib import Path

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models.taskinstance import TaskInstance
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from sqlalchemy import select

ROOT = Path(__file__).parents[2]
BUNDLE = "dags-folder"


def main() -> None:
    """Run the DAG with `dag.test`."""
    initdb()
    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(str(ROOT / "dags" / "score_leads.py"), bundle_name=BUNDLE, bundle_path=ROOT / "dags")
    dag = bag.dags["score_leads"]
    dag.deadline = None  # `dag.test` of Airflow 3.3 cannot look a deadline up in PostgreSQL
    sync_bag_to_db(bag, BUNDLE, None)
    dag.test()
    with create_session() as session:
        tasks = session.execute(
            select(TaskInstance.task_id, TaskInstance.map_index, TaskInstance.state).order_by(
                TaskInstance.task_id, TaskInstance.map_index
            )
        ).all()
    sys.stdout.write(json.dumps({"tasks": [list(task) for task in tasks]}) + "\n")


if __name__ == "__main__":
    main()
