"""Runs for the bodies of tasks, as Airflow's context or the command line would give them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from leadops.configuration import Config
from leadops.db import connect
from leadops.orchestration.airflow_run import read_clock
from leadops.orchestration.connections import SlackChat, find_endpoint
from leadops.orchestration.run import TaskRun
from leadops.settings import database_url


def make_run(task_id: str = "a_task", *, end: datetime | None = None, **fields: Any) -> TaskRun:
    """Return a scheduled run whose interval of one day ends at `end` (now), with the settings in force."""
    end = end or datetime.now(UTC)
    given: dict[str, Any] = {
        "dag_id": "a_dag",
        "task_id": task_id,
        "run_id": "scheduled__1",
        "run_type": "scheduled",
        "started_at": end,
        "start": end - timedelta(days=1),
        "end": end,
        "config": Config.from_environment(),
        "clock": read_clock,
        "sleep": lambda seconds: None,
        "open_database": lambda: connect(database_url()),
        "find_endpoint": find_endpoint,
        "open_chat": SlackChat,
    }
    return TaskRun(**given | fields)
