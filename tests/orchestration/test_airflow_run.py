from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from leadops.lanes import Lane
from leadops.migrations.rights import Part
from leadops.orchestration.airflow_run import read_run, read_run_type
from tests.roles import as_role

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def _context(run_type: Any, **run: Any) -> dict[str, Any]:
    given = {"dag_id": "a_dag", "run_id": "scheduled__1", "start_date": NOON, "run_after": NOON}
    return {
        "dag_run": SimpleNamespace(**given | {"run_type": run_type} | run),
        "task_instance": SimpleNamespace(task_id="a_task", try_number=1),
    }


def _run_types() -> list[Any]:
    from airflow.sdk.api.datamodels._generated import DagRunType

    return list(DagRunType)


@pytest.mark.parametrize("run_type", _run_types())
def test_only_a_backfill_is_a_backfill_whatever_its_run_id_says(run_type: Any) -> None:
    run = read_run(_context(run_type, data_interval_start=NOON, data_interval_end=NOON))
    assert run.is_backfill is (run_type.value == "backfill")
    assert run.lane is (Lane.BACKFILL if run.is_backfill else Lane.LIVE)


def test_there_are_the_run_types_that_decide_something() -> None:
    names = {read_run_type(SimpleNamespace(run_type=run_type)) for run_type in _run_types()}
    assert {"backfill", "scheduled", "manual"} <= names


def test_a_run_without_an_interval_has_its_own_moment() -> None:
    bare = read_run(_context("manual", data_interval_start=None, data_interval_end=None))
    assert (bare.start, bare.end) == (NOON, NOON)
    start = NOON - timedelta(minutes=1)
    whole = read_run(_context("x", data_interval_start=start, data_interval_end=NOON))
    assert (whole.start, whole.end) == (start, NOON)


def test_the_day_of_a_run_is_the_last_one_that_was_over_in_the_companys_zone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    midnight_in_tokyo = datetime(2026, 5, 1, 15, 0, tzinfo=UTC)
    run = read_run(_context("scheduled", data_interval_start=NOON, data_interval_end=midnight_in_tokyo))
    assert (str(run.day), str(run.end_date)) == ("2026-05-01", "2026-05-02")


def test_links_lead_to_this_airflow(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/")
    run = read_run(_context("x", data_interval_start=NOON, data_interval_end=NOON))
    assert run.alerts.airflow_base_url == "https://airflow.example.com"
