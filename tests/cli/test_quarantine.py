from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from leadops import mask
from leadops.cli.quarantine import app
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.async_view import accept_events
from tests.roles import as_role
from tests.shipped import SHIPPED


@pytest.fixture
def refused(database_url: str, item: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Three refused events: 1 and 2 too old, 3 with a broken email."""
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("COLUMNS", "250")
    old = [item | {"event_id": f"old-{n}", "ts": "2018-07-01T00:00:00Z"} for n in (1, 2)]
    with psycopg.connect(database_url) as connection:
        settings = SHIPPED.events
        for each in (*old, item | {"email": "ann@secret"}):
            accept_events(connection, [each], now=datetime.now(UTC), settings=settings)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.usefixtures("refused")
def test_list_counts_and_keeps_personal_data_back() -> None:
    result = run("list", "--reason", "invalid_email", "--hours", "1")
    assert result.exit_code == 0
    assert "too_old" in result.output
    assert "email must be an address" in result.output
    assert "secret" not in result.output
    assert "ann@secret" in run("list", "--show-body").output


@pytest.mark.usefixtures("refused")
def test_repair_lets_one_in(database_url: str) -> None:
    assert isinstance(run("repair", "3", "--set", "email").exception, PermanentError)
    assert isinstance(run("repair", "3").exception, PermanentError)
    assert "still refused" in str(run("repair", "3", "--set", "email=5").exception)
    assert (
        "3 is in" in run("repair", "3", "--set", "email=ann@buyers.example", "--unset", "properties").output
    )
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select email, payload from cdp.events").fetchone()
    assert row == ("ann@buyers.example", {"properties": {}, "context": {}})


@pytest.mark.usefixtures("refused")
def test_retry_says_what_became_of_them() -> None:
    assert isinstance(run("retry").exception, PermanentError)
    assert "0 are in, 0 were in already, 3 are still refused" in run("retry", "--all").output
    assert "1 are in" in run("retry", "1", "--history").output
    assert "1 are in" in run("retry", "--reason", "too_old", "--history").output


@pytest.mark.usefixtures("refused")
def test_drop_ends_what_nobody_wants_and_keeps_it_on_record() -> None:
    assert isinstance(run("drop").exception, PermanentError)
    assert "1 dropped" in run("drop", "3").output
    assert "0 dropped" in run("drop", "3").output
    assert isinstance(run("repair", "3", "--unset", "email").exception, PermanentError)
    assert "2 dropped" in run("drop", "--reason", "too_old").output
    assert "0 are in" in run("retry", "--all", "--history").output
    assert "invalid_email" in run("list", "--state", "dropped").output


def test_what_was_sent_is_masked_and_our_own_secrets_are_never_shown(
    refused: None, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mask, "_secrets", set())
    mask.remember_secrets(["open-sesame-0123"])
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "update cdp.quarantine set detail = 'ann@secret.example is no address',"
            """ body = '{"email": "ann@secret.example", "key": "open-sesame-0123"}'"""
            " where quarantine_id = 3"
        )
    listed = run("list").output
    assert "[e-mail] is no address" in listed
    assert "ann@" not in listed
    shown = run("list", "--show-body").output
    assert '{"email": "ann@secret.example", "key": "[secret]"}' in shown
