"""`leadops incidents`: what is wrong, in the company's zone."""

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from leadops.cli.incidents import app
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.incidents.incident import open_incident
from leadops.migrations.rights import Part
from tests.roles import as_role

START = datetime(2026, 7, 30, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _incidents(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("COLUMNS", "200")
    for minute, (kind, subject) in enumerate(
        [("dag_failed", "score_leads"), ("dead_letters", "ma"), ("cdp_lag", "cdp")]
    ):
        now = START + timedelta(minutes=minute)
        open_incident(connection, kind=kind, subject=subject, facts={"dag_id": subject}, now=now)
    connection.execute(
        "update incidents.incidents set state = 'resolved', resolved_at = %s, is_suppressed = true"
        " where kind = 'cdp_lag'",
        [START + timedelta(minutes=3)],
    )
    connection.commit()


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_open_ones_are_listed_the_newest_first() -> None:
    output = run("list")
    assert output.index("dead_letters") < output.index("dag_failed")
    assert "2026-07-31 02:00 JST" in output
    assert "not yet" in output
    assert "cdp_lag" not in output


def test_all_of_a_kind_are_listed() -> None:
    output = run("list", "--all", "--kind", "cdp_lag")
    assert "2026-07-31 02:03 JST" in output
    assert "too short" in output
    assert "dag_failed" not in output
    assert "No incidents." in run("list", "--kind", "sla_breach")


def test_one_is_shown_with_its_facts_and_its_page() -> None:
    output = run("show", "1")
    assert '"dag_id": "score_leads"' in output
    assert "docs/runbooks/dag_failed.md" in output


@pytest.mark.parametrize(
    ("words", "says"),
    [(["show", "99"], "no incident 99"), (["list", "--kind", "coffee"], "the kinds are cdp_lag, ")],
)
def test_what_there_is_not_is_said_in_one_line(words: list[str], says: str) -> None:
    with pytest.raises(PermanentError, match=says):
        CliRunner().invoke(app, words, catch_exceptions=False)


def test_an_open_one_can_be_taken_once() -> None:
    assert "incident 1: taken" in run("acknowledge", "1")
    assert "acknowledged_at" in run("show", "1")
    for number in ("1", "3", "99"):
        with pytest.raises(PermanentError, match="nobody has taken"):
            run("acknowledge", number)
