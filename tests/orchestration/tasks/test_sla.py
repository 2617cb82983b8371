import json
import logging
from typing import Any

import pytest

from leadops.db import Connection
from leadops.migrations.rights import Part
from leadops.orchestration.airflow_run import read_clock
from leadops.orchestration.tasks import sla
from leadops_sandbox.serve import serve_in_thread
from tests.roles import as_role
from tests.runs import make_run


def test_a_crm_that_refuses_us_is_a_late_feed_and_says_what_to_change(
    connection: Connection,
    database_url: str,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    with serve_in_thread(tmp_path, clock=read_clock) as url:
        wrong = {"conn_type": "http", "host": url, "password": "not the token"}
        monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CRM", json.dumps(wrong))
        with caplog.at_level(logging.WARNING):
            assert sla.poll(make_run("poll")) == {"activities": 0, "reps": 0, "unreachable": 1}
    said = caplog.text + capsys.readouterr().out  # which one, depends on whether Airflow is loaded
    assert "correct the connection leadops_crm, `leadops check crm` says how" in said
    assert "not the token" not in said
