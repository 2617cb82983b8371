import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from leadops.config.load_config import shipped_file
from leadops.db import Connection
from leadops.orchestration import reports
from leadops_sandbox.settings import Tokens
from tests.reports.conftest import Desk, desk, slack

__all__ = ["desk", "slack"]

#: 1 October, 7:00 in Tokyo.
END = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _use_stack(database_url: str, slack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "config"
    own.mkdir()
    own.joinpath("reports.yaml").write_text(f"# mine\nfolder: {tmp_path / 'reports'}\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(own))
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)
    connection = {"conn_type": "slack", "password": Tokens().slack, "extra": {"base_url": f"{slack}/api/"}}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", json.dumps(connection))
    monkeypatch.setattr(reports, "now", lambda: END + timedelta(minutes=1))


def context(task_id: str, drawn: Any = None, *, run_type: str = "scheduled", **params: Any) -> dict[str, Any]:
    task = SimpleNamespace(task_id=task_id, xcom_pull=lambda task_ids: drawn if task_ids == "draw" else None)
    run = SimpleNamespace(
        dag_id="a_report",
        run_type=run_type,
        start_date=END,
        data_interval_start=END - timedelta(days=92),
        data_interval_end=END,
        run_after=END,
    )
    return {"task_instance": task, "dag_run": run, "params": params}


def test_the_quarter_before_is_drawn_and_posted_once(desk: Desk, slack: str) -> None:
    desk.answer("rep-a", 30)
    desk.connection.commit()
    drawn = reports.draw(context("draw", quarter=None))
    assert (drawn["mqls"], Path(drawn["file"]).name) == (1, "response-times_2026-07-01_2026-09-30.png")
    assert reports.post(context("post", drawn)) == {"outcome": "posted"}
    assert reports.post(context("post", drawn)) == {"outcome": "already"}
    assert reports.post(context("post", drawn, again=True)) == {"outcome": "posted"}
    channels = requests.get(f"{slack}/_slack.json", timeout=5).json()["channels"]
    assert len(channels[0]["messages"]) == 2
    beats = {name for (name,) in desk.connection.execute("select name from incidents.heartbeats")}
    assert "a_report" in beats


def test_a_quarter_without_an_mql_is_on_record_and_not_posted(
    desk: Desk, slack: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As the first scheduled run of a new installation finds it."""
    caplog.set_level("INFO")
    drawn = reports.draw(context("draw", quarter=None))
    assert drawn["mqls"] == 0
    assert reports.post(context("post", drawn)) == {"outcome": "nothing"}
    assert "no MQL in these days: nothing was posted" in caplog.messages
    assert desk.row("facts ->> 'mqls', posted_at") == ("0", None)
    channels = requests.get(f"{slack}/_slack.json", timeout=5).json()["channels"]
    assert [channel["messages"] for channel in channels if channel["messages"]] == []


def test_other_days_by_params(desk: Desk) -> None:
    drawn = reports.draw(context("draw", **{"from": "2026-07-01", "to": "2026-07-31"}))
    assert drawn["file"].endswith("_2026-07-31.png")
    assert reports.post(context("post", drawn)) == {"outcome": "nothing"}


def test_the_quarter_that_begins_is_frozen_once(connection: Connection) -> None:
    done = reports.freeze(context("freeze"))
    assert done == {"quarter": "2026-Q4", "frozen": True, "revision": 1, "is_new": True}
    assert reports.freeze(context("freeze"))["is_new"] is False
    assert reports.freeze(context("freeze", quarter="2026-Q2"))["quarter"] == "2026-Q2"


def test_an_installation_in_mid_quarter_freezes_nothing_by_itself(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "now", lambda: END + timedelta(days=9))
    assert reports.freeze(context("freeze"))["frozen"] is False
    assert reports.freeze(context("freeze", run_type="manual"))["frozen"] is True


def test_the_minute_run_notes_a_kpi_yaml_that_changes_a_frozen_quarter(
    connection: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leadops.orchestration import minute

    monkeypatch.setattr(minute, "_push_to", lambda target, config: {})
    reports.freeze(context("freeze"))
    default = shipped_file("kpi").read_text()
    (tmp_path / "config" / "kpi.yaml").write_text(default.replace("fit: 20", "fit: 25"))
    minute.qualify()
    assert "kpi.yaml changes what was frozen for 2026-Q4: mql.fit: 20 → 25" in caplog.text
    assert connection.execute("select quarter from lifecycle.frozen_changes").fetchall() == [("2026-Q4",)]


def test_nothing_heavy_is_loaded_before_a_picture_is_drawn() -> None:
    code = (
        "import sys; import leadops.orchestration.reports, leadops.orchestration.minute, leadops.cli.app,"
        " leadops.gateway.app; print(sorted({'numpy', 'matplotlib', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
