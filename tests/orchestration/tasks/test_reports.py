import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops.config.load_config import shipped_file
from leadops.db import Connection
from leadops.migrations.rights import Part
from leadops.orchestration.run import TaskRun
from leadops.orchestration.tasks import reports, scoring
from leadops_sandbox.settings import Tokens
from tests.own_log import own_messages
from tests.reports.conftest import ReportFixture, desk, slack
from tests.roles import as_role
from tests.runs import make_run

__all__ = ["desk", "slack"]

#: 1 October, 7:00 in Tokyo.
END = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _use_stack(database_url: str, slack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "config"
    own.mkdir()
    own.joinpath("reports.yaml").write_text(f"# mine\nfolder: {tmp_path / 'reports'}\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(own))
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    connection = {"conn_type": "slack", "password": Tokens().slack, "extra": {"base_url": f"{slack}/api/"}}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", json.dumps(connection))


def run(*, run_type: str = "scheduled", days_later: int = 0, **params: Any) -> TaskRun:
    return make_run(
        end=END,
        run_type=run_type,
        params=params,
        clock=lambda: END + timedelta(days=days_later, minutes=1),
    )


def test_the_quarter_before_is_drawn_and_posted_once(desk: ReportFixture, slack: str) -> None:
    desk.answer("rep-a", 30)
    desk.connection.commit()
    drawn = reports.draw(run(quarter=None))
    assert (drawn["mqls"], Path(drawn["file"]).name) == (1, "response-times_2026-07-01_2026-09-30.png")
    assert reports.post(run(), drawn) == {"outcome": "posted"}
    assert reports.post(run(), drawn) == {"outcome": "already"}
    assert reports.post(run(again=True), drawn) == {"outcome": "posted"}
    channels = requests.get(f"{slack}/_slack.json", timeout=60).json()["channels"]
    assert len(channels[0]["messages"]) == 2


def test_a_quarter_without_an_mql_is_on_record_and_not_posted(
    desk: ReportFixture, slack: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As the first scheduled run of a new installation finds it."""
    caplog.set_level("INFO")
    drawn = reports.draw(run(quarter=None))
    assert drawn["mqls"] == 0
    assert reports.post(run(), drawn) == {"outcome": "nothing"}
    assert "no MQL in these days: nothing was posted" in own_messages(caplog)
    assert desk.row("facts ->> 'mqls', posted_at") == ("0", None)
    channels = requests.get(f"{slack}/_slack.json", timeout=60).json()["channels"]
    assert [channel["messages"] for channel in channels if channel["messages"]] == []


def test_other_days_by_params(desk: ReportFixture) -> None:
    drawn = reports.draw(run(**{"from": "2026-07-01", "to": "2026-07-31"}))
    assert drawn["file"].endswith("_2026-07-31.png")
    assert reports.post(run(), drawn) == {"outcome": "nothing"}


def test_the_quarter_that_begins_is_frozen_once(connection: Connection) -> None:
    done = reports.freeze(run())
    assert done == {"quarter": "2026-Q4", "frozen": True, "revision": 1, "is_new": True}
    assert reports.freeze(run())["is_new"] is False
    assert reports.freeze(run(quarter="2026-Q2"))["quarter"] == "2026-Q2"


def test_an_installation_in_mid_quarter_freezes_nothing_by_itself(connection: Connection) -> None:
    assert reports.freeze(run(days_later=9))["frozen"] is False
    assert reports.freeze(run(days_later=9, run_type="manual"))["frozen"] is True


def test_the_minute_run_notes_a_kpi_yaml_that_changes_a_frozen_quarter(
    connection: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "push_to", lambda run, target: {})
    reports.freeze(run())
    default = shipped_file("kpi").read_text()
    (tmp_path / "config" / "kpi.yaml").write_text(default.replace("fit: 20", "fit: 25"))
    scoring.qualify(run())
    assert "kpi.yaml changes what was frozen for 2026-Q4: mql.fit: 20 → 25" in caplog.text
    assert connection.execute("select quarter from lifecycle.frozen_changes").fetchall() == [("2026-Q4",)]


def test_nothing_heavy_is_loaded_before_a_picture_is_drawn() -> None:
    code = (
        "import sys; import leadops.orchestration.tasks.reports, leadops.orchestration.tasks.scoring,"
        " leadops.gateway.app; from leadops.cli.app import app;"
        " print(sorted({'numpy', 'matplotlib', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
