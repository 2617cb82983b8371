"""Opens an incident, once, when a task fails or a run is late."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from leadops.db_errors import database_errors_in_one_line
from leadops.incidents.dag_facts import form_dag_facts
from leadops.incidents.incident import open_incident
from leadops.orchestration.airflow_run import read_clock, read_run_type
from leadops.orchestration.connections import open_database
from leadops.orchestration.heartbeat import name_dag, name_task
from leadops.orchestration.run import BACKFILL

log = logging.getLogger(__name__)


def open_task_incident(context: Mapping[str, Any]) -> None:
    """Open the incident dag_failed for the task's DAG; `context` is Airflow's, after the last try.

    A failed backfill is an incident of its own; it says nothing about the live DAG.
    """
    task, run = context["task_instance"], context["dag_run"]
    name = name_dag(run.dag_id, read_run_type(run))
    definition = context["dag"].task_dict[task.task_id] if "dag" in context else None
    facts = form_dag_facts(
        dag_id=name,
        run_id=task.run_id,
        task_id=name_task(definition, task.map_index) if definition else task.task_id,
        try_number=task.try_number,
        log_url=getattr(task, "log_url", "") or "",
        error=context.get("exception"),
    )
    _record("dag_failed", name, {**facts, "link_dag_id": task.dag_id})


async def open_deadline_incident(context: Mapping[str, Any]) -> None:
    """Open the incident run_missed_deadline; runs of a backfill are late by nature and open none."""
    run = context["dag_run"]
    if str(run.get("run_type")) == BACKFILL:
        return
    facts = form_dag_facts(dag_id=run["dag_id"], run_id=run["dag_run_id"])
    await asyncio.to_thread(_record, "run_missed_deadline", run["dag_id"], facts)


@database_errors_in_one_line()
def _record(kind: str, subject: str, facts: Mapping[str, Any]) -> None:
    """Record the incident; `check_alerts` posts it. Without a database every DAG is red anyway."""
    with open_database("callback") as connection:
        incident = open_incident(connection, kind=kind, subject=subject, facts=facts, now=read_clock())
    reason = f": {facts['error']}" if "error" in facts else ""
    log.error("%s: incident %s for %s%s", kind, incident, subject, reason)
