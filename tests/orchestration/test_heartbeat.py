from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from leadops.db import Connection
from leadops.orchestration.heartbeat import find_deciding_tasks, note_success
from leadops.orchestration.run import TaskRun
from tests.runs import make_run

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LEAVES = ("push", "qualify")


def _run(task_id: str, *, started_at: datetime = NOON, **fields: Any) -> TaskRun:
    clock = (started_at + timedelta(seconds=30)).replace
    return make_run(task_id, dag_id="score_leads", started_at=started_at, clock=clock, **fields)


def _beats(connection: Connection) -> set[str]:
    connection.rollback()
    return {name for (name,) in connection.execute("select name from incidents.heartbeats")}


def test_a_dag_has_succeeded_once_all_its_deciding_tasks_have(connection: Connection) -> None:
    connection.autocommit = True
    note_success(connection, _run("push"), deciding=LEAVES)
    assert _beats(connection) == {"score_leads.push"}

    note_success(connection, _run("qualify"), deciding=LEAVES)
    assert _beats(connection) == {"score_leads.push", "score_leads.qualify", "score_leads"}


def test_the_success_of_an_earlier_run_does_not_count(connection: Connection) -> None:
    note_success(connection, _run("push"), deciding=LEAVES)
    note_success(connection, _run("qualify", started_at=NOON + timedelta(minutes=1)), deciding=LEAVES)
    assert "score_leads" not in _beats(connection)


def test_a_backfill_says_nothing_about_the_live_dag(connection: Connection) -> None:
    note_success(connection, _run("push", run_type="backfill"), deciding=["push"])
    assert _beats(connection) == {"score_leads (backfill)", "score_leads (backfill).push"}


@pytest.mark.parametrize(
    ("rule_of_last", "deciding"),
    [
        ("all_success", {"last", "side"}),
        ("none_failed", {"last", "side"}),
        ("all_done", {"last", "side", "middle"}),
        ("one_done", {"last", "side", "middle"}),
    ],
)
def test_the_last_tasks_decide_and_those_whose_failure_a_last_task_ignores(
    rule_of_last: str, deciding: set[str]
) -> None:
    with DAG("a_dag", schedule=None) as dag:
        first, middle, side = (EmptyOperator(task_id=name) for name in ("first", "middle", "side"))
        first >> [middle, side]
        middle >> EmptyOperator(task_id="last", trigger_rule=rule_of_last)
    assert find_deciding_tasks(dag) == deciding
