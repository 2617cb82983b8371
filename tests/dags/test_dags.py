"""Every DAG is what operations can rely on."""

import inspect
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
EXPECTED = {
    "audit_scores",
    "check_alerts",
    "decay_scores",
    "deliver_outbox",
    "freeze_quarter",
    "refresh_funnel",
    "report_response_times",
    "retrain_thresholds",
    "score_leads",
    "watch_sla",
}


@pytest.fixture(scope="module")
def dags() -> dict:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(ROOT / "dags"))
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_these_dags_and_no_others(dags: dict) -> None:
    assert set(dags) == EXPECTED
    assert {path.stem for path in (ROOT / "dags").glob("*.py")} == EXPECTED


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_dag_tells_operations_what_to_do(dags: dict, dag_id: str) -> None:
    dag = dags[dag_id]
    for word in ("**What**", "**When**", "**Connections**", "**When it is red**"):
        assert word in dag.doc_md
    assert "leadops" in dag.tags
    assert dag.deadline
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    assert dag.dagrun_timeout
    for task in dag.tasks:
        assert task.doc_md, f"{task.task_id} has no docstring"
        assert task.owner == "revenue-operations"
        assert task.retries >= 1
        assert task.execution_timeout
        assert task.pool == ("leadops" if "every-minute" in dag.tags else "leadops_daily")
        assert task.on_failure_callback


def test_scores_are_pushed_and_judged_after_they_are_made(dags: dict) -> None:
    tasks = dags["score_leads"].task_dict
    assert set(tasks) == {"resolve", "score", "push", "qualify", "assign"}
    assert tasks["resolve"].downstream_task_ids == {"score"}
    assert tasks["score"].downstream_task_ids == {"push", "qualify"}
    assert tasks["qualify"].downstream_task_ids == {"assign"}


def test_the_leaves_that_the_heartbeat_waits_for_are_the_leaves(dags: dict) -> None:
    from leadops.orchestration.minute import LEAVES

    assert {task.task_id for task in dags["score_leads"].leaves} == set(LEAVES)
    from leadops.orchestration import deliver

    assert {task.task_id for task in dags["deliver_outbox"].leaves} == set(deliver.LEAVES)
    from leadops.orchestration import nightly

    assert {task.task_id for task in dags["decay_scores"].leaves} == set(nightly.DECAY_LEAVES)
    assert {task.task_id for task in dags["audit_scores"].leaves} == set(nightly.AUDIT_LEAVES)
    from leadops.orchestration import daily

    assert {task.task_id for task in dags["refresh_funnel"].leaves} == set(daily.FUNNEL_LEAVES)
    from leadops.orchestration import reports

    assert {task.task_id for task in dags["report_response_times"].leaves} == set(reports.REPORT_LEAVES)
    assert {task.task_id for task in dags["freeze_quarter"].leaves} == set(reports.FREEZE_LEAVES)
    from leadops.orchestration import watch

    assert {task.task_id for task in dags["watch_sla"].leaves} == set(watch.SLA_LEAVES)
    assert set(dags["check_alerts"].task_dict) == set(watch.CHECK_TASKS)


def test_slack_is_brought_up_to_date_whatever_became_of_the_checks(dags: dict) -> None:
    notify = dags["check_alerts"].task_dict["notify"]
    assert notify.upstream_task_ids == {"check"}
    assert notify.trigger_rule == "all_done"


def test_a_day_is_judged_before_it_is_shared_and_priced(dags: dict) -> None:
    dag = dags["refresh_funnel"]
    assert dag.task_dict["refresh"].downstream_task_ids == {"gate"}
    assert dag.task_dict["gate"].downstream_task_ids == {"attribute", "economics"}
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
        ("freeze_quarter", {"quarter": "2018-Q9"}, False),
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
            assert dags[dag_id].params.get_param(name).resolve(value) == value


def test_what_is_wrong_for_good_is_not_tried_again(dags: dict) -> None:
    from airflow.sdk import RetryAction

    from leadops.errors import ConfigError, PermanentError, TransientError

    for dag in dags.values():
        for task in dag.tasks:
            for error, action in (
                (PermanentError("x"), RetryAction.FAIL),
                (ConfigError("x"), RetryAction.FAIL),
                (TransientError("x"), RetryAction.DEFAULT),
                (ValueError("x"), RetryAction.DEFAULT),
            ):
                assert task.retry_policy.evaluate(error, 1, 1).action == action, task.task_id


def test_a_large_step_of_the_threshold_waits_for_a_human_and_is_kept_without_one(dags: dict) -> None:
    from leadops.orchestration import training

    dag = dags["retrain_thresholds"]
    assert {task.task_id for task in dag.leaves} == set(training.LEAVES)
    assert dag.task_dict["propose"].upstream_task_ids == {"guard", "points"}
    assert dag.task_dict["points"].upstream_task_ids == {"retrain"}
    assert [task.task_id for task in dag.topological_sort()][-3:] == ["propose", "approve", "apply"]
    approve = dag.task_dict["approve"]
    assert approve.defaults == ["Reject"]
    assert approve.response_timeout == training.ANSWER_WITHIN < dag.dagrun_timeout
    assert dag.task_dict["apply"].trigger_rule == "none_failed"


def test_the_databases_own_words_stay_out_of_the_tasks_logs(dags: dict) -> None:
    from leadops.errors import PermanentError

    for dag in dags.values():
        for task in dag.tasks:
            body = getattr(task, "python_callable", None) or partial(task.ask, {})
            inner = inspect.unwrap(getattr(body, "func", body))
            with pytest.MonkeyPatch.context() as patch:
                for room in {"minute", "watch", "delivery", "nightly", "training", "daily", "reports"} & set(
                    inner.__globals__
                ):
                    patch.setitem(inner.__globals__, room, Refusing())
                patch.setitem(inner.__globals__, "get_current_context", dict)
                with pytest.raises(PermanentError) as caught:
                    body()
            assert "DataError" in str(caught.value), task.task_id
            assert caught.value.__suppress_context__


class Refusing:
    """Every body of a task, on a database that refuses what it is sent."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: Any) -> None:
            raise psycopg.DataError("invalid input\nCONTEXT:  JSON data, line 1: taro@example.com")

        return refuse
