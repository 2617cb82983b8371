"""Every DAG is what operations can rely on."""

from collections.abc import Iterator
from contextlib import nullcontext
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from leadops_stack.airflow_env import SHARED
from leadops_stack.env_file import read_env
from tests.containers.test_compose import SERVICES, TASKS, read_span
from tests.left_as_found import share
from tests.shipped import SHIPPED

ROOT = Path(__file__).parents[2]
#: Every DAG with its tasks.
EXPECTED = {
    "approve_changes": {"approve"},
    "audit_scores": {"audit"},
    "check_alerts": {"check", "notify"},
    "compare_warehouses": {"compare"},
    "decay_scores": {"decay"},
    "deliver_outbox": {"deliver"},
    "export_marts": {"export"},
    "freeze_quarter": {"freeze"},
    "keep_house": {"purge", "clean_airflow"},
    "refresh_funnel": {"refresh", "check_quality", "attribute", "economics", "lift"},
    "report_response_times": {"draw", "post"},
    "retrain_thresholds": {
        "check_funnel",
        "retrain",
        "points",
        "evaluate_rollback",
        "propose",
        "approve",
        "apply",
    },
    "run_canary": {"visit"},
    "score_leads": {"resolve", "score", "push", "qualify", "assign"},
    "send_nurture": {"enter", "send"},
    "watch_sla": {"poll", "clock"},
}
#: The tags of the DAGs that run every minute, or every few.
OFTEN = {"every-minute", "every-5-minutes"}
#: The tasks whose success is that of a DAG; where a DAG is not named, its last ones.
DECIDING = {
    "check_alerts": {"check", "notify"},
    "score_leads": {"push", "assign"},
    "refresh_funnel": {"attribute", "economics", "lift"},
}


@pytest.fixture(scope="module")
def dags() -> Iterator[dict]:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(ROOT / "dags"))
    assert bag.import_errors == {}
    found = dict(bag.dags)
    with share("the DAGs", lambda: {dag_id: _read_params(dag) for dag_id, dag in found.items()}):
        yield found


def _read_params(dag: Any) -> dict[str, Any]:
    return {name: dag.params.get_param(name).value for name in dag.params}


def _list_tasks(dag: Any) -> list[Any]:
    """The tasks of a DAG; of one that runs several times at once (`expand`), the first of these."""
    return [task.unmap({"op_kwargs": {"shard": 0}}) if task.is_mapped else task for task in dag.tasks]


def test_these_dags_and_tasks_and_no_others(dags: dict) -> None:
    assert {dag_id: set(dag.task_dict) for dag_id, dag in dags.items()} == EXPECTED
    assert {path.stem for path in (ROOT / "dags").glob("*.py")} == set(EXPECTED)


def test_a_standstill_is_noticed_of_every_dag_that_runs_each_minute_or_day() -> None:
    # These run only once a quarter, or when there is something to ask.
    unwatched = {"approve_changes", "freeze_quarter", "report_response_times"}
    assert set(SHIPPED.alerts.stopped_after_minutes) == set(EXPECTED) - unwatched


def test_a_task_leaves_one_xcom_at_most_and_none_in_a_dag_of_every_minute(dags: dict) -> None:
    tasks = [task for dag in dags.values() for task in _list_tasks(dag)]
    assert [task.task_id for task in tasks if getattr(task, "multiple_outputs", False)] == []
    pushing = {task.dag_id for task in tasks if task.do_xcom_push}
    assert pushing == {dag_id for dag_id, dag in dags.items() if not OFTEN & dag.tags}


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_dag_tells_operations_what_to_do(dags: dict, dag_id: str) -> None:
    dag = dags[dag_id]
    for word in ("**What**", "**When**", "**Connections**", "**When it is red**"):
        assert word in dag.doc_md
    assert "leadops" in dag.tags
    assert dag.deadline
    assert dag.catchup is False
    assert dag.max_active_runs == (16 if dag_id == "approve_changes" else 1)
    assert dag.dagrun_timeout
    for task in _list_tasks(dag):
        assert task.doc_md, f"{task.task_id} has no docstring"
        assert task.owner == "revenue-operations"
        assert task.retries >= 1
        assert task.execution_timeout
        assert task.pool == ("leadops" if OFTEN & dag.tags else "leadops_daily")
        assert task.on_failure_callback


def test_a_container_waits_for_the_longest_task(dags: dict) -> None:
    longest = max(task.execution_timeout for dag in dags.values() for task in dag.tasks)
    for name in TASKS:
        assert read_span(SERVICES[name]["stop_grace_period"]) > longest, name
    visibility = read_env(SHARED)["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"]
    assert float(visibility) > longest.total_seconds()


def test_scores_are_pushed_while_they_are_made_and_judged_afterwards(dags: dict) -> None:
    tasks = dags["score_leads"].task_dict
    assert tasks["resolve"].downstream_task_ids == {"score", "push"}
    assert tasks["score"].downstream_task_ids == {"qualify"}
    assert tasks["push"].partial_kwargs["op_kwargs"] == {"beside": "score"}
    assert tasks["qualify"].downstream_task_ids == {"assign"}


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_dag_has_succeeded_with_its_last_tasks(dags: dict, dag_id: str) -> None:
    from leadops.orchestration.heartbeat import find_deciding_tasks

    last = {task.task_id for task in dags[dag_id].leaves}
    assert find_deciding_tasks(dags[dag_id]) == DECIDING.get(dag_id, last)


def test_slack_is_brought_up_to_date_whatever_became_of_the_checks(dags: dict) -> None:
    notify = dags["check_alerts"].task_dict["notify"]
    assert notify.upstream_task_ids == {"check"}
    assert notify.trigger_rule == "all_done"


def test_a_day_is_judged_before_it_is_shared_and_priced(dags: dict) -> None:
    dag = dags["refresh_funnel"]
    assert dag.task_dict["refresh"].downstream_task_ids == {"check_quality"}
    assert dag.task_dict["check_quality"].downstream_task_ids == {"attribute", "economics", "lift"}
    assert (dag.timetable.expression, dag.timetable.timezone) == ("0 0 * * *", "Asia/Tokyo")


def test_quarters_are_frozen_as_they_begin_and_reported_when_they_are_over(dags: dict) -> None:
    for dag_id, cron in (
        ("freeze_quarter", "0 6 1 1,4,7,10 *"),
        ("report_response_times", "0 7 1 1,4,7,10 *"),
    ):
        assert dags[dag_id].timetable.expression == cron
        assert dags[dag_id].params["quarter"] is None
    assert dags["report_response_times"].task_dict["draw"].downstream_task_ids == {"post"}


@pytest.mark.parametrize(
    ("dag_id", "conf", "is_right"),
    [
        ("freeze_quarter", {"quarter": None}, True),
        ("freeze_quarter", {"quarter": ""}, True),
        ("freeze_quarter", {"quarter": "2018-Q1"}, True),
        ("freeze_quarter", {"quarter": "FY2018/19-Q1"}, True),
        ("freeze_quarter", {"quarter": "2018-Q9"}, False),
        ("freeze_quarter", {"quarter": "FY2018-Q1"}, False),
        ("freeze_quarter", {"quarter": "nonsense"}, False),
        ("report_response_times", {"quarter": "2018-Q4 "}, False),
        ("report_response_times", {"from": "2018-01-01", "to": "2018-01-31"}, True),
        ("report_response_times", {"from": "2018-01-01", "to": "31.1.2018"}, False),
        ("report_response_times", {"from": "2018-02-30", "to": "2018-03-01"}, False),
    ],
)
def test_a_wrong_param_is_refused_when_the_dag_is_triggered(
    dags: dict, dag_id: str, conf: dict[str, Any], is_right: bool
) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with nullcontext() if is_right else pytest.raises(ParamValidationError):
        for name, value in conf.items():
            param = copy(dags[dag_id].params.get_param(name))  # resolving changes it
            assert param.resolve(value) == value


def test_what_is_wrong_for_good_is_not_tried_again(dags: dict) -> None:
    from airflow.sdk import RetryAction

    from leadops.errors import ConfigError, PermanentError, TransientError

    for dag in dags.values():
        for task in _list_tasks(dag):
            for error, action in (
                (PermanentError("x"), RetryAction.FAIL),
                (ConfigError("x"), RetryAction.FAIL),
                (TransientError("x"), RetryAction.DEFAULT),
                (ValueError("x"), RetryAction.DEFAULT),
            ):
                assert task.retry_policy.evaluate(error, 1, 1).action == action, task.task_id


def test_a_large_step_of_the_threshold_waits_for_a_human_and_is_kept_without_one(dags: dict) -> None:
    from leadops.orchestration.tasks.thresholds import ANSWER_WITHIN

    dag = dags["retrain_thresholds"]
    assert dag.task_dict["propose"].upstream_task_ids == {"evaluate_rollback", "points"}
    assert dag.task_dict["points"].upstream_task_ids == {"retrain"}
    assert [task.task_id for task in dag.topological_sort()][-3:] == ["propose", "approve", "apply"]
    approve = dag.task_dict["approve"]
    assert approve.defaults == ["Reject"]
    assert approve.response_timeout == ANSWER_WITHIN < dag.dagrun_timeout
    assert dag.task_dict["apply"].trigger_rule == "none_failed"


def test_the_databases_own_words_stay_out_of_the_tasks_logs(
    dags: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leadops.errors import PermanentError
    from leadops.orchestration import approval, task

    def refuse(_: Any) -> None:
        raise psycopg.DataError("invalid input\nCONTEXT:  JSON data, line 1: taro@example.com")

    monkeypatch.setattr(task, "get_current_context", dict)
    for module in (task, approval):
        monkeypatch.setattr(module, "read_run", refuse)
    for dag in dags.values():
        for operator in dag.tasks:
            body = getattr(operator, "python_callable", None) or partial(operator.ask, {})
            with pytest.raises(PermanentError) as caught:
                body()
            assert "DataError" in str(caught.value), operator.task_id
            assert caught.value.__suppress_context__


def test_the_watchdog_knows_the_dags_of_every_minute(dags: dict) -> None:
    every_minute = {dag_id for dag_id, dag in dags.items() if "every-minute" in dag.tags}
    assert set(SHIPPED.alerts.watchdog.dags) == every_minute
