"""What Airflow's database says; that its tables have these columns is asked of Airflow itself."""

from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from leadops.errors import TransientError
from leadops.watchdog.airflow_queue import AirflowQueue, read_queue
from leadops_stack.airflow_reader import COLUMNS

DAGS = ("score_leads", "check_alerts")
TABLES = (Path(__file__).parents[1] / "airflow_tables.sql").read_text().replace("temp ", "")


@pytest.fixture
def airflow(database_url: str) -> psycopg.Connection:
    connection = psycopg.connect(database_url, autocommit=True)
    connection.execute(TABLES.encode())
    yield connection
    connection.close()


def task(
    airflow: psycopg.Connection, number: int, state: str, *, dag: str = "score_leads", ago: float = 0
) -> None:
    airflow.execute(
        "insert into task_instance values"
        " (%s, %s, %s, now() - make_interval(secs => %s), now() - make_interval(secs => %s))",
        [UUID(int=number), dag, state, ago, ago],
    )


def test_an_empty_airflow(airflow: psycopg.Connection, database_url: str) -> None:
    assert read_queue(database_url, DAGS) == AirflowQueue(
        None, 0, is_running=False, active_dags=0, finished=0
    )


def test_what_waits_runs_and_has_finished(airflow: psycopg.Connection, database_url: str) -> None:
    task(airflow, 1, "queued", ago=10)
    task(airflow, 2, "queued", dag="any_other", ago=20)  # the executor has one queue for all
    task(airflow, 3, "scheduled", ago=99)
    task(airflow, 4, "running", ago=59)
    airflow.execute("insert into dag values ('score_leads', false), ('check_alerts', true), ('other', false)")
    # The newest finished run of each DAG: 5 + 9. A run that still runs, and other DAGs, do not count.
    airflow.execute(
        "insert into dag_run values (4, 'score_leads', 'success'), (5, 'score_leads', 'failed'),"
        " (6, 'score_leads', 'running'), (9, 'check_alerts', 'success'), (90, 'other', 'success')"
    )
    assert read_queue(database_url, DAGS) == AirflowQueue(
        str(UUID(int=2)), 2, is_running=True, active_dags=1, finished=14
    )


@pytest.mark.parametrize(("dag", "ago"), [("score_leads", 61), ("refresh_funnel", 1)])
def test_a_dead_task_or_one_of_another_dag_does_not_run(
    airflow: psycopg.Connection, database_url: str, dag: str, ago: float
) -> None:
    task(airflow, 1, "running", dag=dag, ago=ago)
    assert not read_queue(database_url, DAGS).is_running


def test_a_database_that_is_away_says_so() -> None:
    with pytest.raises(TransientError):
        read_queue("postgresql://nobody:x@127.0.0.1:1/none", DAGS)


def test_airflow_has_these_columns() -> None:
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

    for model in (TaskInstance, DagRun, DagModel):
        table = model.__table__
        assert set(COLUMNS[table.name]) <= set(table.columns.keys())
        for column in COLUMNS[table.name]:
            assert column in TABLES
