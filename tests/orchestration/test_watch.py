import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from leadops.db import Connection
from leadops.orchestration import watch
from leadops_sandbox.serve import serve_in_thread


@pytest.mark.parametrize(
    "as_of", ["2026-07-01T09:00:00", "yesterday", 1_782_000_000, ["2026-07-01T09:00:00Z"], ""]
)
def test_a_cdp_whose_time_cannot_be_read_says_nothing(as_of: Any) -> None:
    reading = watch._form_reading({"minutes_lag": 3.0, "as_of": as_of})
    assert reading.minutes_lag is None
    assert reading.as_of is None
    assert "as_of" in reading.reason


@pytest.mark.parametrize("as_of", ["2026-07-01T09:00:00Z", "2026-07-01T18:00:00+09:00", None])
def test_a_time_with_its_offset_is_read(as_of: str | None) -> None:
    reading = watch._form_reading({"minutes_lag": 3, "as_of": as_of})
    assert reading.minutes_lag == 3.0
    assert (reading.as_of and reading.as_of.isoformat()) == (as_of and "2026-07-01T09:00:00+00:00")


def test_a_crm_that_refuses_us_is_a_late_feed_and_says_what_to_change(
    connection: Connection,
    database_url: str,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    with serve_in_thread(tmp_path, clock=watch.now) as url:
        wrong = {"conn_type": "http", "host": url, "password": "not the token"}
        monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CRM", json.dumps(wrong))
        with caplog.at_level(logging.WARNING):
            assert watch.poll() == {"activities": 0, "reps": 0, "unreachable": 1}
    said = caplog.text + capsys.readouterr().out  # which one, depends on whether Airflow is loaded
    assert "correct host and password of the connection leadops_crm" in said
    assert "not the token" not in said


def test_each_dag_of_every_minute_does_its_own_work_and_notes_its_own_success(
    connection: Connection, database_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    with serve_in_thread(tmp_path, clock=watch.now) as url:
        monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CDP", json.dumps({"conn_type": "http", "host": url}))
        watch.watch(_context("watch_sla", "clock"))
        assert _heartbeats(connection) == {"watch_sla", "watch_sla.clock"}
        checked = watch.run_all_checks(_context("check_alerts", "check"))
    assert checked["failed"] == []
    assert "check_alerts" not in _heartbeats(connection), "it has succeeded only with notify"


def _context(dag_id: str, task_id: str) -> dict[str, Any]:
    run = SimpleNamespace(dag_id=dag_id, run_type="scheduled", start_date=watch.now())
    return {"dag_run": run, "task_instance": SimpleNamespace(task_id=task_id)}


def _heartbeats(connection: Connection) -> set[str]:
    connection.rollback()
    return {name for (name,) in connection.execute("select name from incidents.heartbeats")}
