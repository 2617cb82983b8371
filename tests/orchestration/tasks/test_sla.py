import json
import logging
from typing import Any

import pytest

from leadops.db import Connection
from leadops.migrations.rights import Part
from leadops.orchestration.airflow_run import read_clock
from leadops.orchestration.tasks import sla
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
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


def test_the_calls_of_a_poll_count_and_another_crm_is_not_read(
    connection: Connection,
    database_url: str,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    with (
        serve_in_thread(tmp_path / "a", clock=read_clock) as url,
        serve_in_thread(tmp_path / "b", clock=read_clock) as other,
    ):
        for host in (url, other):
            named = {"conn_type": "http", "host": host, "password": Tokens().crm}
            monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CRM", json.dumps(named))
            with caplog.at_level(logging.WARNING):
                polled = sla.poll(make_run("poll"))
            if host == url:
                assert polled["unreachable"] == 0
                connection.execute("insert into delivery.external_ids values ('crm', 1, 'L-1', now())")
                connection.commit()
    assert polled == {"activities": 0, "reps": 0, "unreachable": 1}
    assert "leadops products accept crm" in caplog.text + capsys.readouterr().out
    # A page of activities and the users; the other CRM was not asked.
    counted = connection.execute("select target, sum(calls)::integer from delivery.call_counts group by 1")
    assert counted.fetchall() == [("crm", 2)]
