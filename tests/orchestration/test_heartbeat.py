from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

from leadops.db import Connection, connect
from leadops.orchestration.heartbeat import find_deciding_tasks, name_task, note_success
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


def test_each_of_several_tasks_at_once_decides(connection: Connection) -> None:
    connection.autocommit = True
    with DAG("score_leads", schedule=None) as dag:
        PythonOperator.partial(task_id="push", python_callable=print).expand(op_args=[["a"], ["b"]])
    deciding = find_deciding_tasks(dag)
    assert deciding == {"push[0]", "push[1]"}
    assert name_task(dag.task_dict["push"], 1) == "push[1]"
    note_success(connection, _run("push[1]"), deciding=deciding)
    assert _beats(connection) == {"score_leads.push[1]"}
    note_success(connection, _run("push[0]"), deciding=deciding)
    assert "score_leads" in _beats(connection)


def test_a_shard_that_is_gone_is_forgotten(connection: Connection) -> None:
    connection.autocommit = True
    for shards in (("push[0]", "push[1]"), ("push",)):
        for task_id in shards:
            note_success(connection, _run(task_id), deciding=shards)
        others = make_run("push", dag_id="score", started_at=NOON, clock=NOON.replace)
        note_success(connection, others, deciding=("push",))
        assert _beats(connection) == {
            *("score_leads", "score", "score.push"),
            *(f"score_leads.{task_id}" for task_id in shards),
        }


class Meeting(tuple[str, ...]):
    """Deciding tasks that are read once as many tasks have noted their own success as there are names."""

    barrier: Barrier

    def __iter__(self) -> Iterator[str]:
        """Wait for the others."""
        self.barrier.wait(timeout=30)
        return super().__iter__()


def test_of_tasks_that_end_at_the_same_moment_one_notes_the_success_of_the_dag(database_url: str) -> None:
    deciding = Meeting(("push[0]", "push[1]"))
    deciding.barrier = Barrier(len(deciding))

    def end(task_id: str) -> None:
        with connect(database_url) as own:
            note_success(own, _run(task_id), deciding=deciding)

    with ThreadPoolExecutor() as pool:
        list(pool.map(end, ("push[0]", "push[1]")))
    with connect(database_url) as connection:
        assert "score_leads" in _beats(connection)


def test_a_task_that_could_run_several_times_and_runs_once_has_its_plain_name() -> None:
    with DAG("score_leads", schedule=None) as dag:
        PythonOperator.partial(task_id="push", python_callable=print).expand(op_args=[["a"]])
        EmptyOperator(task_id="qualify")
    assert find_deciding_tasks(dag) == {"push", "qualify"}
    assert [name_task(task, index) for task, index in zip(dag.tasks, (0, -1), strict=True)] == [
        "push",
        "qualify",
    ]


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
