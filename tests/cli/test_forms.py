from datetime import UTC, datetime

import psycopg
import pytest
from typer.testing import CliRunner, Result

from leadops.cli.forms import app
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.intake.form_keeper import keep_body
from tests.roles import as_role


@pytest.fixture
def quarantined(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three forms: 1 with a broken address, 2 not JSON, 3 a bot's."""
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("COLUMNS", "250")
    now = datetime.now(UTC)
    keep_body(database_url, {"email": "ann@secret", "form": "\u202econtact"}, now=now)
    keep_body(database_url, b'{"email": "bob@secret.example" \x1b[1m', now=now)
    keep_body(database_url, {"email": "c@d.example", "context": {"user_agent": "Googlebot/2.1"}}, now=now)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["quarantine", *arguments])


@pytest.mark.usefixtures("quarantined")
def test_list_counts_and_keeps_personal_data_back() -> None:
    output = run("list", "--hours", "1").output
    for word in ("invalid_email", "not_json", "known_bot"):
        assert output.count(word) == 2, "once in the counts, once in the list"
    assert "secret.example" not in output
    assert "ann@" not in output
    only = run("list", "--reason", "not_json", "--limit", "1").output
    assert only.count("known_bot") == 1


@pytest.mark.usefixtures("quarantined")
def test_show_shows_it_whole_and_sends_no_control_characters() -> None:
    assert "ann@secret" in run("show", "1").output
    output = run("show", "2").output
    assert "bob@secret.example" in output
    assert "\\x1b[1m" in output
    assert "\x1b" not in output
    assert isinstance(run("show", "9").exception, PermanentError)


@pytest.mark.usefixtures("quarantined")
def test_repair_makes_a_lead(database_url: str) -> None:
    assert isinstance(run("repair", "1").exception, PermanentError)
    assert "still refused" in str(run("repair", "1", "--set", "email=5").exception)
    assert "1 is a lead" in run("repair", "1", "--set", "email=ann@buyers.example").output
    assert "2 is a lead" in run("repair", "2", "--set", "email=bob@buyers.example").output
    assert "3 is a lead" in run("repair", "3", "--unset", "context.user_agent").output
    with psycopg.connect(database_url) as connection:
        emails = connection.execute("select email from identity.leads order by email").fetchall()
    assert emails == [("ann@buyers.example",), ("bob@buyers.example",), ("c@d.example",)]
    assert "repaired body" in run("show", "2").output


@pytest.mark.usefixtures("quarantined")
def test_retry_says_what_became_of_them() -> None:
    assert isinstance(run("retry").exception, PermanentError)
    assert "0 are leads now, 0 were leads already, 3 are still refused" in run("retry", "--all").output
    assert "1 are still refused" in run("retry", "1").output
    assert "1 are still refused" in run("retry", "--reason", "known_bot").output


def test_release_makes_leads_of_what_looks_like_spam(database_url: str, quarantined: None) -> None:
    keep_body(database_url, {"email": "dan@mailinator.com"}, now=datetime.now(UTC))
    assert "spam_disposable_mail" in run("list").output
    assert isinstance(run("release").exception, PermanentError)
    assert "0 are leads now, 0 were leads already, 1 are still refused" in run("release", "1").output
    assert "1 are leads now" in run("release", "--reason", "spam_disposable_mail").output
    assert "0 are leads now, 0 were leads already, 0 are still refused" in run("release", "4").output


@pytest.mark.usefixtures("quarantined")
def test_drop_ends_what_nobody_wants_and_keeps_it_on_record() -> None:
    assert isinstance(run("drop").exception, PermanentError)
    assert "1 dropped" in run("drop", "3").output
    assert "0 dropped" in run("drop", "3").output
    assert "2 are still refused" in run("retry", "--all").output
    assert "2 dropped" in run("drop", "--all").output
    assert "known_bot" in run("list", "--state", "dropped").output
