"""Airflow imports this at the start of each of its processes: what runs first, and what is loaded beforehand.

A task is a fork of the scheduler, so a module that the scheduler holds costs a task nothing.
"""

import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

#: The names that are policies of Airflow's.
__all__ = ["task_instance_mutation_hook"]

#: Priority of what can wait; every task of a live run has at least 1.
LAST = 0


def task_instance_mutation_hook(task_instance: "TaskInstance", dag_run: "DagRun | None") -> None:
    """Let live runs go first: tasks of a backfill, or of a run that is done again, get the slots they leave.

    A backfill of minutes that have run clears their tasks while the run is still called what it was, and as
    ended; that is how it is known here. Without `dag_run` nothing is known yet, and this is called again.
    """
    if dag_run is not None and (dag_run.run_type == "backfill" or dag_run.state in ("success", "failed")):
        task_instance.priority_weight = LAST


for module in os.environ.get("LEADOPS_PRELOAD", "").split():
    importlib.import_module(module)
