"""`leadops report` and `leadops freeze-quarter`."""

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from leadops_sandbox.settings import Tokens
from tests.reports.conftest import ReportFixture, desk, slack
from tests.roles import as_role

__all__ = ["desk", "slack"]


@pytest.fixture(autouse=True)
def _use_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_picture_of_a_quarter(desk: ReportFixture, tmp_path: Path) -> None:
    desk.answer("rep-a", 30)
    desk.connection.commit()
    out = tmp_path / "deep" / "q3.png"
    output = run("report", "response-times", "--quarter", "2026-Q3", "--out", str(out))
    assert "2026-Q3: sales has taken and contacted 1 of 1 new MQLs, half within 30 min" in output
    assert out.read_bytes().startswith(b"\x89PNG")
    assert desk.row("posted_at") == (None,)
    assert "no MQLs to report on" in run(
        "report", "response-times", "--from", "2026-07-01", "--to", "2026-07-31", "--out", str(out)
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["report", "response-times", "--out", "x.pdf"], "must be the name of a .png file"),
        (["report", "response-times", "--quarter", "Q3"], "a quarter must be given as 2026-Q3"),
        (["freeze-quarter", "summer"], "a quarter must be given as 2026-Q3"),
        (["freeze-quarter", "2026-Q3", "--reason", " "], "--reason must say why"),
        (["freeze-quarter", "2026-Q3", "--reason", "x"], "2026-Q3 is not frozen yet"),
    ],
)
def test_wrong_words_are_one_line(words: list[str], says: str) -> None:
    with pytest.raises(PermanentError, match=says) as caught:
        CliRunner().invoke(app, words, catch_exceptions=False)
    assert "\n" not in str(caught.value)


def test_a_quarter_is_frozen_once(connection: Connection) -> None:
    first = run("freeze-quarter", "2026-Q3")
    assert "2026-Q3: KPI version 2026-Q1, sha256" in first
    assert first.rstrip().endswith(": frozen")
    assert "was frozen already; nothing was changed" in run("freeze-quarter", "2026-Q3")
    assert connection.execute("select count(*) from lifecycle.frozen_quarters").fetchone() == (1,)


def test_a_picture_is_posted_once_by_hand(
    desk: ReportFixture, slack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.answer("rep-a", 30)
    desk.connection.commit()
    connection = {"conn_type": "slack", "password": Tokens().slack, "extra": {"base_url": f"{slack}/api/"}}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", json.dumps(connection))
    words = ["report", "response-times", "--quarter", "2026-Q3", "--out", str(tmp_path / "q3.png"), "--post"]
    assert run(*words).splitlines()[-1] == "posted"
    assert run(*words).splitlines()[-1] == "it was posted before"
    assert run(*words, "--again").splitlines()[-1] == "posted"


def test_quarters_of_a_companys_year_are_reported_and_frozen_under_its_names(
    desk: ReportFixture, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "company.yaml").write_text("fiscal_year_starts: 4\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(folder))
    out = tmp_path / "q.png"
    for text in ("2026-Q3", "FY2026/27-Q2"):
        desk.answer("rep-a", 30)
        output = run("report", "response-times", "--quarter", text, "--out", str(out))
        assert "FY2026/27-Q2" in output
        assert run("freeze-quarter", text).startswith("FY2026/27-Q2: KPI version 2026-Q1")
    assert connection.execute("select quarter, first_day from lifecycle.frozen_quarters").fetchall() == [
        ("FY2026/27-Q2", date(2026, 7, 1))
    ]
