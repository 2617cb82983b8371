from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from leadops.orchestration.runs import interval, is_backfill

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def _context(run_type: Any, **run: Any) -> dict[str, Any]:
    return {"dag_run": SimpleNamespace(run_type=run_type, **run)}


def _run_types() -> list[Any]:
    from airflow.sdk.api.datamodels._generated import DagRunType

    return list(DagRunType)


@pytest.mark.parametrize("run_type", _run_types())
def test_only_a_backfill_is_a_backfill_whatever_its_run_id_says(run_type: Any) -> None:
    context = _context(run_type, run_id="scheduled__2026-05-01T12:00:00+00:00")
    assert is_backfill(context) is (run_type.value == "backfill")


def test_there_is_a_backfill_among_the_run_types() -> None:
    assert "backfill" in {run_type.value for run_type in _run_types()}


def test_a_run_without_an_interval_has_its_own_moment() -> None:
    bare = _context("manual", data_interval_start=None, data_interval_end=None, run_after=NOON)
    assert interval(bare) == (NOON, NOON)
    start = NOON - timedelta(minutes=1)
    assert interval(_context("x", data_interval_start=start, data_interval_end=NOON, run_after=NOON)) == (
        start,
        NOON,
    )
