"""Runs one task of a DAG in the context that Airflow's own task runner makes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from airflow.sdk import DAG
from airflow.sdk.api.datamodels._generated import DagRun, TIRunContext
from airflow.sdk.execution_time.context import set_current_context
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

MIDNIGHT = datetime(2026, 6, 1, 15, tzinfo=UTC)  # of 2 June in Tokyo


def execute(dag: DAG, task_id: str, *, run_type: str = "scheduled", **conf: Any) -> Any:
    """Run one task of `dag` as Airflow's task runner does, and return its result."""
    now = datetime.now(UTC)
    dag_run = DagRun(
        dag_id=dag.dag_id,
        run_id=f"{run_type}__1",
        run_type=run_type,
        state="running",
        logical_date=MIDNIGHT,
        data_interval_start=MIDNIGHT - timedelta(days=1),
        data_interval_end=MIDNIGHT,
        run_after=MIDNIGHT,
        start_date=now - timedelta(minutes=1),
        end_date=None,
        partition_key=None,
        conf=conf,
        consumed_asset_events=[],
    )
    task = dag.task_dict[task_id]
    instance = RuntimeTaskInstance.model_construct(
        id=uuid4(),
        task_id=task_id,
        dag_id=dag.dag_id,
        run_id=dag_run.run_id,
        try_number=1,
        map_index=-1,
        task=task,
        start_date=now,
        _ti_context_from_server=TIRunContext(dag_run=dag_run, max_tries=0),
    )
    context = instance.get_template_context()
    with set_current_context(context):
        return task.execute(context)
