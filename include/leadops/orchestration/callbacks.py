"""What happens when a task or a run goes wrong: an incident is opened, once, and on-call is told."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from leadops.db_errors import database_errors_in_one_line
from leadops.incidents.dag_facts import form_dag_facts
from leadops.incidents.open_incident import open_incident
from leadops.orchestration.connections import open_database
from leadops.orchestration.heartbeat import name_dag
from leadops.orchestration.runs import now

log = logging.getLogger(__name__)


def open_task_incident(context: Mapping[str, Any]) -> None:
    """Open the incident dag_failed for the task's DAG; `context` is Airflow's, after the last try.

    A backfill that fails is an incident of its own, and says nothing against the live DAG.
    """
    task = context["task_instance"]
    facts = form_dag_facts(
        dag_id=name_dag(context),
        run_id=task.run_id,
        task_id=task.task_id,
        try_number=task.try_number,
        log_url=getattr(task, "log_url", "") or "",
        error=context.get("exception"),
    )
    _record("dag_failed", name_dag(context), {**facts, "link_dag_id": task.dag_id})


async def open_deadline_incident(context: Mapping[str, Any]) -> None:
    """Open the incident run_missed_deadline; a backfill's runs are late by nature and open none."""
    run = context["dag_run"]
    if str(run.get("run_type")) == "backfill":
        return
    facts = form_dag_facts(dag_id=run["dag_id"], run_id=run["dag_run_id"])
    await asyncio.to_thread(_record, "run_missed_deadline", run["dag_id"], facts)


@database_errors_in_one_line()
def _record(kind: str, subject: str, facts: Mapping[str, Any]) -> None:
    """Write the incident; the next watch tells it. Without a database all DAGs are red, which says it too."""
    with open_database("callback") as connection:
        incident = open_incident(connection, kind=kind, subject=subject, facts=facts, now=now())
    reason = f": {facts['error']}" if "error" in facts else ""
    log.error("%s: incident %s for %s%s", kind, incident, subject, reason)
