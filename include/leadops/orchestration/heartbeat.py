"""Notes that a DAG came to a good end, which ends its open incidents."""

from collections.abc import Mapping
from typing import Any

from leadops.db import Connection
from leadops.incidents.heartbeats import beat
from leadops.orchestration.runs import is_backfill, now


def name_dag(context: Mapping[str, Any]) -> str:
    """Return the name of the run's DAG among incidents and heartbeats; backfills have one of their own."""
    run = context["dag_run"]
    return f"{run.dag_id} (backfill)" if is_backfill(context) else str(run.dag_id)


def note_success(context: Mapping[str, Any], connection: Connection, *, leaves: tuple[str, ...]) -> None:
    """Note that this task succeeded, and its DAG too once all its last tasks, `leaves`, have in this run.

    Commits. A backfill's success says nothing of the live DAG: it is noted under a name of its own.
    """
    run, dag, task_id = context["dag_run"], name_dag(context), context["task_instance"].task_id
    with connection.transaction():
        beat(connection, f"{dag}.{task_id}", now=now())
        found = connection.execute(
            "select count(*) from incidents.heartbeats where name = any(%s) and succeeded_at >= %s",
            [[f"{dag}.{leaf}" for leaf in leaves], run.start_date],
        ).fetchone()
        if found and found[0] == len(leaves):
            beat(connection, dag, now=now())
