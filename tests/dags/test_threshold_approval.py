"""What a human said in Airflow is what the day's row says; without a word it is kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import DownstreamTasksSkipped

from leadops.db import Connection
from leadops.migrations.rights import Part
from tests.roles import as_role

#: The run of the night after 30 June 2026 in Tokyo.
NIGHT = datetime(2026, 6, 30, 18, 30, tzinfo=UTC)


@pytest.fixture
def approve(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    bag = DagBag(str(Path(__file__).parents[2] / "dags" / "retrain_thresholds.py"))
    return bag.dags["retrain_thresholds"].task_dict["approve"]


@pytest.fixture
def context(approve: Any) -> dict[str, Any]:
    run = SimpleNamespace(
        dag_id="retrain_thresholds",
        run_id="scheduled__1",
        run_type="scheduled",
        data_interval_start=NIGHT - timedelta(days=1),
        data_interval_end=NIGHT,
        start_date=NIGHT,
    )
    task = SimpleNamespace(task_id="approve", map_index=-1, try_number=1, xcom_push=lambda **_: None)
    return {"dag_run": run, "task_instance": task, "ti": task, "task": approve}


def propose(connection: Connection, plan: str) -> None:
    connection.execute(
        "insert into lifecycle.thresholds (day, kpi_version, proposed_at, decided_by, reason, plan,"
        " proposed_value, facts, hash)"
        " values ('2026-06-30', '2026-Q1', %s, 'kept', '', %s, 80, '{}', 'h')",
        [NIGHT, plan],
    )
    connection.commit()


def row(connection: Connection) -> tuple[Any, ...]:
    found = connection.execute(
        "select waits_since is not null, answer, facts ->> 'run_id' from lifecycle.thresholds"
    ).fetchone()
    assert found
    return found


def test_a_small_step_asks_nobody(approve: Any, context: dict[str, Any], connection: Connection) -> None:
    propose(connection, "apply")
    assert approve.ask(context) is False
    assert row(connection) == (False, None, None)


@pytest.mark.parametrize(
    ("option", "user", "answer"),
    [
        ("Approve", {"id": "1", "name": "ops"}, "approved"),
        ("Reject", {"id": "1", "name": "ops"}, "rejected"),
        ("Reject", None, "unanswered"),
    ],
)
def test_the_answer_is_noted_and_only_a_yes_goes_on(
    approve: Any, context: dict[str, Any], connection: Connection, option: str, user: Any, answer: str
) -> None:
    propose(connection, "ask")
    assert approve.ask(context) is True
    assert row(connection) == (True, None, "scheduled__1")
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": NIGHT,
        "responded_by_user": user,
    }
    if option == "Approve":
        approve.execute_complete(context, event)
    else:
        with pytest.raises(DownstreamTasksSkipped):
            approve.execute_complete(context, event)
    assert row(connection) == (False, answer, "scheduled__1")
