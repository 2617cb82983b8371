import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

from leadops.db import Connection
from leadops.incidents.checks import check_dags
from leadops.migrations.rights import Part
from leadops.orchestration.airflow_run import read_clock
from leadops.orchestration.callbacks import open_deadline_incident, open_task_incident
from leadops.orchestration.heartbeat import note_success
from tests.own_log import own_messages
from tests.roles import as_role
from tests.runs import make_run


@pytest.fixture(autouse=True)
def _use_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))


def _task(task_id: str, *, run_type: str = "scheduled") -> dict[str, Any]:
    return {
        "task_instance": SimpleNamespace(
            dag_id="score_leads", run_id="scheduled__1", task_id=task_id, try_number=2, log_url="http://x/log"
        ),
        "dag_run": SimpleNamespace(dag_id="score_leads", run_type=run_type, start_date=read_clock()),
        "exception": ValueError("taro.yamada@example.com was not expected"),
    }


def test_of_several_tasks_at_once_the_incident_names_the_one_that_failed(connection: Connection) -> None:
    with DAG("score_leads", schedule=None) as dag:
        PythonOperator.partial(task_id="push", python_callable=print).expand(op_args=[["a"], ["b"]])
    context = _task("push") | {"dag": dag}
    context["task_instance"].map_index = 1
    open_task_incident(context)
    ((_, subject, facts),) = _incidents(connection)
    assert (subject, json.loads(facts)["task_id"]) == ("score_leads", "push[1]")


def _incidents(connection: Connection) -> list[tuple[str, str, str]]:
    connection.rollback()
    return connection.execute(
        "select kind, subject, facts::text from incidents.incidents order by incident_id"
    ).fetchall()


def test_a_task_that_fails_opens_one_incident_without_personal_data(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    open_task_incident(_task("score"))
    (said,) = own_messages(caplog)
    assert "for score_leads: ValueError: " in said, "the log ends with the reason"
    assert "taro" not in said
    open_task_incident(_task("score"))

    ((kind, subject, facts),) = _incidents(connection)
    assert (kind, subject) == ("dag_failed", "score_leads")
    assert "score" in facts
    assert "ValueError" in facts
    assert "taro" not in facts


@pytest.mark.parametrize(("run_type", "incidents"), [("scheduled", 1), ("backfill", 0)])
def test_a_missed_deadline_opens_an_incident_unless_it_is_a_backfills(
    connection: Connection, run_type: str, incidents: int
) -> None:
    run = {"dag_id": "score_leads", "dag_run_id": "scheduled__1", "run_type": run_type}
    asyncio.run(open_deadline_incident(context={"dag_run": run}))

    assert len(_incidents(connection)) == incidents


def test_a_backfill_that_fails_is_an_incident_of_its_own_until_one_succeeds(connection: Connection) -> None:
    open_task_incident(_task("push", run_type="backfill"))
    ((kind, subject, facts),) = _incidents(connection)
    assert (kind, subject) == ("dag_failed", "score_leads (backfill)")
    assert json.loads(facts)["link_dag_id"] == "score_leads"

    note_success(connection, make_run("push", dag_id="score_leads"), deciding=["push"])
    connection.commit()
    assert check_dags(connection) == [], "the live DAG says nothing of it"
    backfill = make_run("push", dag_id="score_leads", run_type="backfill")
    note_success(connection, backfill, deciding=["push"])
    assert [(one.subject, one.status) for one in check_dags(connection)] == [("score_leads (backfill)", "ok")]
