"""What all minute DAGs have in common."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import AsyncCallback, CronDataIntervalTimetable, DeadlineAlert, DeadlineReference

from leadops.orchestration.callbacks import open_deadline_incident, open_task_incident

#: One pool for all tasks of leadops, so that a backfill never takes every slot of the machine.
POOL = "leadops"

#: A minute's run that is not done after so long says so (incident run_missed_deadline).
DEADLINE = timedelta(minutes=3)


def minute_dag(*, tags: list[str]) -> dict[str, Any]:
    """Return the arguments of a DAG that runs every minute: once at a time, and never to catch up.

    Missed minutes need no run of their own: each task takes what has not been taken yet.
    """
    return {
        "schedule": CronDataIntervalTimetable("* * * * *", timezone="UTC"),
        "start_date": datetime(2026, 1, 1, tzinfo=UTC),
        "catchup": False,
        "max_active_runs": 1,
        "dagrun_timeout": timedelta(minutes=30),
        "deadline": DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=DEADLINE,
            callback=AsyncCallback(open_deadline_incident),
        ),
        "tags": ["leadops", *tags],
        "default_args": {
            "owner": "revenue-operations",
            "retries": 1,
            "retry_delay": timedelta(seconds=10),
            "execution_timeout": timedelta(minutes=10),
            "pool": POOL,
            "on_failure_callback": open_task_incident,
        },
    }
