"""The decorator that makes an Airflow task of a function that takes a run."""

import inspect
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from airflow.sdk import get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.mask import remember_secrets
from leadops.masked_logs import mask_records
from leadops.orchestration.airflow_run import read_run
from leadops.orchestration.counts import Counts, describe_counts
from leadops.orchestration.heartbeat import find_deciding_tasks, name_task, note_result, note_success
from leadops.orchestration.run import TaskRun
from leadops.schema_version import wait_for_version
from leadops.settings import list_secrets

log = logging.getLogger(__name__)

P = ParamSpec("P")


def leadops_task(body: Callable[Concatenate[TaskRun, P], Counts], **options: Any) -> Any:
    """Return the Airflow task of `body`; its id is the function's name, its page the docstring.

    The task hands in its run, lets an error of the database leave as one line without the database's own
    words, logs the counts and keeps them for the run's page, and notes the success where the DAG's depends
    on it. `options` go to Airflow's `task`; what the DAG passes on calling it, such as another task's result,
    follows the run.
    """

    @wraps(body)
    @database_errors_in_one_line()
    def run_task(*args: P.args, **kwargs: P.kwargs) -> Counts:
        mask_records()
        remember_secrets(list_secrets(os.environ))
        context = get_current_context()
        run = read_run(context)
        wait_for_version(run.open_database, sleep=run.sleep)
        run = replace(run, task_id=name_task(context["dag"].task_dict[run.task_id], context["ti"].map_index))
        counts = body(run, *args, **kwargs)
        log.info("%s: %s", run.task_id, describe_counts(counts) or "nothing to do")
        deciding = find_deciding_tasks(context["dag"])
        with run.open_database() as connection:
            with connection.transaction():
                note_result(connection, run, counts)
            if run.task_id in deciding:
                note_success(connection, run, deciding=deciding)
        return counts

    signature = inspect.signature(body)
    run_task.__signature__ = signature.replace(  # type: ignore[attr-defined]  # Airflow binds its arguments by it
        parameters=list(signature.parameters.values())[1:]
    )
    # Without this, Airflow stores each count once more, as an XCom of its own.
    # Airflow gives a page to a task that runs once, but none to one that is mapped (`expand`).
    return task(multiple_outputs=False, doc_md=inspect.getdoc(body), **options)(run_task)
