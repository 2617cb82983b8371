"""`leadops simulated-past` marks a database, and takes nothing made up where a real system is connected."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.made_up.made_up_past import is_made_up
from leadops_sandbox.serve import serve_in_thread
from tests.scripted_server import ScriptedServer, serve_script

Connect = Callable[..., None]
BEGIN = ("simulated-past", "begin", "--from", "2026-01-01", "--to", "2026-06-30")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with serve_in_thread(folder, sales_work=False) as url:
        yield url


@pytest.fixture
def real() -> Iterator[ScriptedServer]:
    """A system that answers, and is not the sandbox."""
    with serve_script() as running:
        yield running


@pytest.fixture
def connect(database_url: str, sandbox: str, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Set the connections: all to the sandbox, but for those that are given."""
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)

    def set_all(**urls: str) -> None:
        for name in ("ma", "crm", "slack", "cdp", *urls):
            url = urls.get(name, sandbox)
            extra = {"base_url": f"{url}/api/"} if name == "slack" else {}
            body = {"conn_type": "http", "host": url, "password": "t" * 20, "extra": extra}
            monkeypatch.setenv(f"AIRFLOW_CONN_LEADOPS_{name.upper()}", json.dumps(body))

    return set_all


def test_a_database_is_marked_once_and_says_what_is_in(connect: Connect) -> None:
    connect()
    run = CliRunner().invoke
    assert run(app, ["simulated-past", "show"]).output == "nothing here is made up\n"
    line = "simulated company: what happened from 2026-01-01 to 2026-06-30 is invented"
    assert run(app, BEGIN).output == f"{line}\n"
    assert run(app, ["simulated-past", "show"]).output == f"{line}; seed 1; not all of it is in yet\n"
    later = ("simulated-past", "begin", "--from", "2026-01-02", "--to", "2026-07-01")
    assert run(app, later).output == f"{line}\n", "what is in is of the days on record"
    assert run(app, ["simulated-past", "finish"]).output == "recorded\n"
    assert run(app, ["simulated-past", "finish"]).output == "it was recorded before\n"
    assert run(app, ["simulated-past", "show"]).output == f"{line}; seed 1; all of it is in\n"


@pytest.mark.parametrize("name", ["ma", "crm", "slack", "pagerduty"])
def test_a_real_system_refuses_the_past(
    connect: Connect, connection: Connection, real: ScriptedServer, name: str
) -> None:
    connect(**{name: real.url})
    refused = CliRunner().invoke(app, BEGIN)
    assert isinstance(refused.exception, PermanentError)
    assert f": leadops_{name} is not the sandbox" in str(refused.exception)
    assert not is_made_up(connection)


def test_so_does_one_that_does_not_answer_and_a_cdp_elsewhere(
    connect: Connect, connection: Connection
) -> None:
    connect(ma="http://127.0.0.1:1", cdp="https://events.example.com")
    refused = CliRunner().invoke(app, BEGIN)
    assert ": leadops_ma, leadops_cdp is not the sandbox" in str(refused.exception)
    assert not is_made_up(connection)


def test_both_days_are_needed(connect: Connect) -> None:
    connect()
    refused = CliRunner().invoke(app, BEGIN[:4])
    assert "give --from and --to" in str(refused.exception)


@pytest.mark.parametrize("words", [("funnel", "show"), ("thresholds", "show")])
def test_what_shows_numbers_says_that_they_are_made_up(connect: Connect, words: tuple[str, ...]) -> None:
    connect()
    assert "simulated" not in CliRunner().invoke(app, words).output
    CliRunner().invoke(app, BEGIN)
    assert (
        CliRunner()
        .invoke(app, words)
        .output.endswith("simulated company: what happened from 2026-01-01 to 2026-06-30 is invented\n")
    )
