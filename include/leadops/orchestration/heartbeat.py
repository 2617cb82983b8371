"""Notes that a DAG came to a good end, which ends its open incidents."""

from collections.abc import Mapping
from typing import Any

from leadops.alerts.incidents import beat
from leadops.db import Connection
from leadops.orchestration.runs import is_backfill, now


def note_success(context: Mapping[str, Any], connection: Connection, *, leaves: tuple[str, ...]) -> None:
    """Note that this task succeeded, and its DAG too once all its last tasks, `leaves`, have in this run.

    Commits. A backfill's success says nothing of now.
    """
    if is_backfill(context):
        return
    run, task_id = context["dag_run"], context["task_instance"].task_id
    with connection.transaction():
        beat(connection, f"{run.dag_id}.{task_id}", now=now())
        found = connection.execute(
            "select count(*) from alerts.heartbeats where name = any(%s) and succeeded_at >= %s",
            [[f"{run.dag_id}.{leaf}" for leaf in leaves], run.start_date],
        ).fetchone()
        if found and found[0] == len(leaves):
            beat(connection, run.dag_id, now=now())
