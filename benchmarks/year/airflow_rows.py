"""Fills a real Airflow database and its logs with days of runs, cleans as keep_house does, prints JSON.

A process of its own (`python -m benchmarks.year.airflow_rows DAYS`), because Airflow reads its settings once.
"""

import json
import os
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from airflow.configuration import conf
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.utils.db import initdb
from psycopg.types.json import Jsonb

from benchmarks.year.table_sizes import list_sizes
from leadops.db import Connection
from leadops.orchestration import clean_airflow
from leadops.queries import Queries

queries = Queries(__file__)

ROOT = Path(__file__).parents[2]
BUNDLE = "dags-folder"
#: Bytes of a task's log in a minute with nothing to do.
LOG_BYTES = 9_900
EVERY_MINUTE = "every-minute"


def list_tasks(bag: DagBag) -> list[dict[str, Any]]:
    """Return each task of a DAG that runs every minute or day, and how many XComs a run of it leaves."""
    tasks = []
    for dag in bag.dags.values():
        is_minute = EVERY_MINUTE in dag.tags
        if is_minute or "every-day" in dag.tags:
            tasks += [
                {
                    "dag_id": dag.dag_id,
                    "task_id": task.task_id,
                    "xcoms": int(task.do_xcom_push),
                    "minutes": 1 if is_minute else 1_440,
                }
                for task in dag.tasks
            ]
    return tasks


def fill_day(connection: Connection, tasks: list[dict[str, Any]], *, until: datetime) -> None:
    """Insert the runs that ended in the day before `until`, with what Airflow keeps of each."""
    with connection.transaction():
        queries.run(connection, "insert_runs", tasks=Jsonb(tasks), until=until)
        queries.run(connection, "insert_tasks", tasks=Jsonb(tasks), until=until)
        queries.run(connection, "insert_xcoms", tasks=Jsonb(tasks), until=until)
        queries.run(connection, "insert_audit_log", until=until)


def write_logs(connection: Connection, folder: Path, *, since: datetime) -> None:
    """Write the log of each task that ran since `since`: empty files of the usual length."""
    with connection.transaction():
        names = list(
            connection.execute(
                "select dag_id, run_id, task_id, end_date from task_instance where end_date >= %s", [since]
            )
        )
    for dag_id, run_id, task_id, ended_at in names:
        run = folder / f"dag_id={dag_id}" / f"run_id={run_id}"
        task = run / f"task_id={task_id}"
        task.mkdir(parents=True)
        log = task / "attempt=1.log"
        with log.open("wb") as file:
            file.truncate(LOG_BYTES)
        times = (ended_at.timestamp(), ended_at.timestamp())
        for path in (log, task, run):
            os.utime(path, times)


def count_files(folder: Path) -> dict[str, int]:
    """Return how many files and folders lie below `folder`, and the bytes of the files."""
    counts = {"files": 0, "folders": 0, "bytes": 0}
    for path, folders, files in os.walk(folder):
        counts["folders"] += len(folders)
        counts["files"] += len(files)
        counts["bytes"] += sum(Path(path, name).stat().st_size for name in files)
    return counts


def list_rows(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return rows and bytes of the tables that runs fill."""
    tables = ("dag_run", "task_instance", "xcom", "log")
    sizes = list_sizes(connection)
    return {name: (sizes[f"public.{name}"].rows, sizes[f"public.{name}"].bytes) for name in tables}


def vacuum(connection: Connection) -> None:
    """Vacuum everything, as autovacuum would by the next night."""
    connection.autocommit = True
    connection.execute("vacuum (analyze)")
    connection.autocommit = False


def main(days: int) -> Iterable[dict[str, Any]]:
    """Fill `days` days, then clean each following night for two days."""
    initdb()
    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(str(ROOT / "dags"), bundle_name=BUNDLE, bundle_path=ROOT / "dags")
    sync_bag_to_db(bag, BUNDLE, None)
    tasks, now = list_tasks(bag), datetime.now(UTC)
    logs = Path(conf.get_mandatory_value("logging", "base_log_folder"))
    url = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    with psycopg.connect(url) as connection:
        for day in range(days, 0, -1):
            fill_day(connection, tasks, until=now - timedelta(days=day - 1))
            if day == days:
                vacuum(connection)
                yield {"a_day": list_rows(connection)}
        write_logs(connection, logs, since=now - timedelta(days=days + 1))
        vacuum(connection)
        yield {"before": list_rows(connection), "logs_before": count_files(logs)}
        started = time.perf_counter()
        clean_airflow.main()
        yield {"seconds": time.perf_counter() - started}
        vacuum(connection)
        yield {"after": list_rows(connection), "logs_after": count_files(logs)}
        started = time.perf_counter()
        clean_airflow.main()
        yield {"seconds_of_nothing": time.perf_counter() - started}


if __name__ == "__main__":
    for line in main(int(sys.argv[1])):
        sys.stdout.write("year " + json.dumps(line) + "\n")
        sys.stdout.flush()
