"""Deletes old runs of our DAGs from Airflow's database, by Airflow's own `db clean`, and their logs.

A program of its own (`python -m leadops.orchestration.clean_airflow`): within a task Airflow bars the way to
its database. AIRFLOW__DATABASE__SQL_ALCHEMY_CONN says where that is.
"""

import contextlib
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.models.dag import DagTag
from airflow.models.dagrun import DagRun
from airflow.utils import db_cleanup
from airflow.utils.session import create_session
from sqlalchemy import ColumnElement, column, exists, func, literal_column, or_, select, table
from sqlalchemy.orm import Session

from leadops.housekeeping.retention_settings import AirflowRetention
from leadops.housekeeping.sweep_logs import sweep_logs
from leadops.orchestration.airflow_run import read_config

#: The tag of every DAG of this project; other DAGs of the same Airflow stay as they are.
TAG = "leadops"
#: Rows deleted in one transaction.
BATCH = 2_000
#: Tables whose rows name their DAG, beside those that hang on a run.
TABLES = ["dag_run", "log", "dag_version"]
#: Tables whose old rows belong to no DAG any more.
ORPHANS = ["callback", "celery_taskmeta", "celery_tasksetmeta", "revoked_token"]

#: How a filter of `db clean` calls the row that it looks at.
_row = db_cleanup._BASE_TABLE_ALIAS


def clean_database(retention: AirflowRetention, *, now: datetime) -> dict[str, int]:
    """Delete what is older than its days; return how many runs of our DAGs went.

    Runs that succeeded go after `retention.days`, with all that hangs on them, unless they belong to a
    backfill that is not complete; other runs that ended go after `retention.failed_days`. The last scheduled
    run of each DAG stays: the next one follows from it.
    """
    with create_session() as session:
        dags = list_dags(session)
        earlier = _count_runs(session, dags)
    if not dags:
        return {"runs": 0}
    for days, states in ((retention.days, ["success"]), (retention.failed_days, ["success", "failed"])):
        with _only_runs_in(states):
            _clean(now - timedelta(days=days), [*TABLES, *ORPHANS], dags)
    with create_session() as session:
        return {"runs": earlier - _count_runs(session, dags)}


def list_dags(session: Session) -> list[str]:
    """Return the ids of our DAGs."""
    return sorted(session.scalars(select(DagTag.dag_id).where(DagTag.name == TAG)))


def list_kept_runs(session: Session, dags: list[str], *, before: datetime) -> set[tuple[str, str]]:
    """Return DAG and id of each run on record that began before `before`, or never did."""
    is_old = or_(DagRun.start_date < before, DagRun.start_date.is_(None))
    found = session.execute(select(DagRun.dag_id, DagRun.run_id).where(DagRun.dag_id.in_(dags), is_old))
    return {(dag, run) for dag, run in found}


def _clean(before: datetime, tables: list[str], dags: list[str]) -> None:
    db_cleanup.run_cleanup(
        clean_before_timestamp=before,
        table_names=tables,
        dag_ids=dags,
        confirm=False,
        skip_archive=True,
        batch_size=BATCH,
        error_on_cleanup_failure=True,
    )


@contextlib.contextmanager
def _only_runs_in(states: list[str]) -> Any:
    """Let `db clean` delete runs in `states` only, and what hangs on a run only together with it."""
    deadlines: Any = select(literal_column("1")).select_from(table("deadline", column("callback_id")))
    active: Any = select(column("id")).select_from(table("backfill")).where(column("completed_at").is_(None))
    no_active_backfill = or_(column("backfill_id").is_(None), column("backfill_id").not_in(active))
    filters: dict[str, list[ColumnElement[bool]]] = {
        "dag_run": [column("state").in_(states), no_active_backfill],
        "callback": [~exists(deadlines.where(column("callback_id") == literal_column(f"{_row}.id")))],
    }
    hanging = (
        "task_instance",
        "task_instance_history",
        "task_reschedule",
        "task_state_store",
        "xcom",
        "deadline",
    )
    filters |= {name: [literal_column("false")] for name in hanging}
    former = {name: db_cleanup.config_dict[name] for name in filters}
    for name, extra in filters.items():
        config = former[name]
        columns = [*(config.extra_columns or []), *(["state", "backfill_id"] if name == "dag_run" else [])]
        db_cleanup.config_dict[name] = replace(
            config, extra_columns=columns, extra_filters=[*(config.extra_filters or []), *extra]
        )
    # Airflow 3.3 takes this table for one with a dag_id, and fails at it where DAGs are named.
    db_cleanup.config_dict["deadline"] = replace(db_cleanup.config_dict["deadline"], dag_id_column_name=None)
    try:
        yield
    finally:
        db_cleanup.config_dict.update(former)


def _count_runs(session: Session, dags: list[str]) -> int:
    return session.scalar(select(func.count()).select_from(DagRun).where(DagRun.dag_id.in_(dags))) or 0


def main() -> None:
    """Clean database and logs by retention.yaml; print what was deleted as the last line, in JSON."""
    retention = read_config().retention.airflow
    now = datetime.now(UTC)
    before = now - timedelta(days=retention.days)
    with contextlib.redirect_stdout(sys.stderr):
        counts = clean_database(retention, now=now)
        with create_session() as session:
            dags = list_dags(session)
            kept = list_kept_runs(session, dags, before=before)
    swept = sweep_logs(
        Path(conf.get_mandatory_value("logging", "base_log_folder")),
        dags=set(dags),
        kept_runs=kept,
        before=before,
        services_before=now - timedelta(days=retention.failed_days),
    )
    sys.stdout.write(json.dumps(counts | {"log_files": swept.files, "log_bytes": swept.bytes}) + "\n")


if __name__ == "__main__":
    main()
