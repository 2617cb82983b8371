"""What Airflow's database says of the tasks of a running stack."""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from leadops.settings import postgres_url
from leadops_stack.variables import SUPERUSER
from tests.running_stack import Stack

RUNNING = """
    select id::text as task, dag_id, run_id, task_id, map_index, try_number, pid
    from task_instance where task_id = %s and state = 'running' and pid is not null
"""
STARTED_AGAIN = """
    select start_date from task_instance
    where dag_id = %s and run_id = %s and task_id = %s and map_index = %s and try_number > %s
        and start_date > %s
"""


@dataclass(frozen=True)
class RunningTask:
    """A try of a task that runs, and its process."""

    task: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    pid: int


def open_airflow_database(stack: Stack) -> psycopg.Connection:
    """Return a connection to Airflow's tables as the superuser of the stack's cluster."""
    return psycopg.connect(
        postgres_url(
            user=SUPERUSER,
            password=stack.values["LEADOPS_POSTGRES_PASSWORD"],
            host="127.0.0.1",
            port=int(stack.values["LEADOPS_PORT_POSTGRES"]),
            database="airflow",
        )
    )


def find_running(stack: Stack, task_id: str) -> list[RunningTask]:
    """Return the tries of the task that run now."""
    with (
        open_airflow_database(stack) as connection,
        connection.cursor(row_factory=class_row(RunningTask)) as cursor,
    ):
        return cursor.execute(RUNNING, [task_id]).fetchall()


def find_next_try(stack: Stack, task: RunningTask, *, since: datetime) -> datetime | None:
    """Return when the next try of `task` began after `since`, None while it has not.

    A try that waits for its turn still has the start of the one before.
    """
    with open_airflow_database(stack) as connection:
        row = connection.execute(
            STARTED_AGAIN,
            [task.dag_id, task.run_id, task.task_id, task.map_index, task.try_number, since],
        ).fetchone()
        return row[0] if row else None
