"""From Airflow's context to a run."""

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from leadops.configuration import Config
from leadops.erased.erased_filter import ErasedFilter
from leadops.orchestration.connections import (
    SlackChat,
    find_connection,
    find_endpoint,
    open_database,
    open_pager,
)
from leadops.orchestration.run import BACKFILL, TaskRun


def read_clock() -> datetime:
    """Return the time now (UTC); the one place from which the tasks take it."""
    return datetime.now(UTC)


def read_config() -> Config:
    """Return the settings in force where no task reads them, such as for a DAG file; nothing is recorded.

    While the database does not answer, the files stand alone.
    """
    return Config.in_force(
        part="tasks",
        open_database=partial(open_database, "settings"),
        clock=read_clock,
        sleep=time.sleep,
        records=False,
        needs_database=False,
    )


def read_run(context: Mapping[str, Any]) -> TaskRun:
    """Return the run of Airflow's `context`, with the settings in force.

    A run without a data interval has its own moment, run_after, as both ends.
    """
    run, task = context["dag_run"], context["task_instance"]
    task_id = task.task_id
    end = run.data_interval_end or run.run_after
    return TaskRun(
        dag_id=run.dag_id,
        task_id=task_id,
        run_id=run.run_id,
        run_type=read_run_type(run),
        started_at=run.start_date,
        start=run.data_interval_start or end,
        end=end,
        config=Config.in_force(
            part="tasks", open_database=partial(open_database, task_id), clock=read_clock, sleep=time.sleep
        ),
        clock=read_clock,
        sleep=time.sleep,
        open_database=partial(open_database, task_id),
        find_endpoint=find_endpoint,
        find_connection=find_connection,
        open_chat=SlackChat,
        open_pager=open_pager,
        log_folder=_find_log_folder(),
        erased=ErasedFilter.of(os.environ),
        params=context.get("params") or {},
        airflow_url=_find_airflow_url(),
        try_number=task.try_number,
    )


def read_run_type(run: Any) -> str:
    """Return scheduled, manual, backfill …; the run_id of a backfill may still begin with scheduled__."""
    name = str(run.run_type).rsplit(".", 1)[-1].lower()
    return BACKFILL if name == "backfill_job" else name


def _find_log_folder() -> Path | None:
    from airflow.sdk.configuration import conf

    folder = str(conf.get("logging", "base_log_folder", fallback=""))
    return Path(folder) if folder else None


def _find_airflow_url() -> str:
    from airflow.sdk.configuration import conf

    return str(conf.get("api", "base_url", fallback="")).rstrip("/")
