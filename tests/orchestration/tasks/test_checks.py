import json
import socket
from pathlib import Path
from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.database_mark import open_mark
from leadops.migrations.rights import Part
from leadops.orchestration.airflow_run import read_clock
from leadops.orchestration.tasks import checks
from leadops_sandbox.serve import serve_in_thread
from tests.roles import as_role
from tests.runs import make_run


@pytest.mark.parametrize(
    "as_of", ["2026-07-01T09:00:00", "yesterday", 1_782_000_000, ["2026-07-01T09:00:00Z"], ""]
)
def test_a_cdp_whose_time_cannot_be_read_says_nothing(as_of: Any) -> None:
    reading = checks.form_reading({"minutes_lag": 3.0, "as_of": as_of})
    assert reading.minutes_lag is None
    assert reading.as_of is None
    assert "as_of" in reading.reason


@pytest.mark.parametrize("as_of", ["2026-07-01T09:00:00Z", "2026-07-01T18:00:00+09:00", None])
def test_a_time_with_its_offset_is_read(as_of: str | None) -> None:
    reading = checks.form_reading({"minutes_lag": 3, "as_of": as_of})
    assert reading.minutes_lag == 3.0
    assert (reading.as_of and reading.as_of.isoformat()) == (as_of and "2026-07-01T09:00:00+00:00")


def test_a_round_runs_every_check_and_says_what_the_cdp_said(
    connection: Connection, database_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    with serve_in_thread(tmp_path, clock=read_clock) as url:
        monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CDP", json.dumps({"conn_type": "http", "host": url}))
        counts = checks.check(make_run("check"))
    assert counts["failed"] == []


def test_a_round_measures_each_disk_that_must_not_be_full(
    connection: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    monkeypatch.setenv("LEADOPS_DISK_FOLDERS", f"{tmp_path / 'nowhere'}:{tmp_path}")
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CDP", json.dumps({"conn_type": "http", "host": "127.0.0.1:1"}))
    checks.check(make_run("check"))
    places = connection.execute("select place from housekeeping.space_samples").fetchall()
    assert places == [(f"{tmp_path} on {socket.gethostname()}",)]


def test_a_round_notices_that_the_database_went_back(
    connection: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    monkeypatch.setenv("LEADOPS_MARK_FOLDER", str(tmp_path / "marks"))
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CDP", json.dumps({"conn_type": "http", "host": "127.0.0.1:1"}))
    mark = open_mark(tmp_path / "marks")
    assert mark is not None
    assert mark.advance(connection, now=read_clock())
    checks.check(make_run("check"))
    connection.execute("update delivery.marks set mark = 0")
    connection.commit()
    checks.check(make_run("check"))
    kinds = connection.execute(
        "select kind from incidents.incidents where kind not in ('cdp_unreachable', 'space_short')"
    ).fetchall()
    assert kinds == [("database_went_back",)]


def test_a_round_goes_on_where_the_mark_cannot_be_read(
    connection: Connection,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    monkeypatch.setenv("LEADOPS_MARK_FOLDER", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_CDP", json.dumps({"conn_type": "http", "host": "127.0.0.1:1"}))
    row = connection.execute("select installation_id from delivery.installation").fetchone()
    assert row
    (tmp_path / f"{row[0]}.json").write_text("")
    assert checks.check(make_run("check"))["failed"] == []
    assert "cannot be read" in caplog.text
