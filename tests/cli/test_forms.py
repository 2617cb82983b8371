from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from leadops.cli.forms import app
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.intake.form_keeper import keep_body
from tests.intake.tool_bodies import TYPEFORM, dump
from tests.roles import as_role
from tests.shipped import SHIPPED


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


@pytest.fixture
def bodies(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a body of Typeform, one that its mapping cannot read, and a form of our own contract."""
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("COLUMNS", "250")
    (tmp_path / "typeform.json").write_bytes(dump(TYPEFORM))
    (tmp_path / "other.json").write_bytes(
        b'{"form_response": {"answers": [{"type": "text", "text": "\\u202ex"}]}}'
    )
    (tmp_path / "ours.json").write_bytes(b'{"email": "ann@buyers.example", "zip": "\\u001b[1m"}')
    return tmp_path


def run_forms(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_try_shows_what_becomes_of_a_body_and_stores_nothing(bodies: Path, database_url: str) -> None:
    good = run_forms("try", str(bodies / "typeform.json"), "--tool", "typeform")
    assert good.exit_code == 0, good.output
    for word in ('"email": "ann@buyers.example"', "become properties: cities, colour", "would be accepted"):
        assert word in good.output
    bad = run_forms("try", str(bodies / "other.json"), "--tool", "typeform")
    assert bad.exit_code == 1
    assert "missing_field" in bad.output
    assert "\u202e" not in bad.output
    ours = run_forms("try", str(bodies / "ours.json"))
    assert (ours.exit_code, "moved_to_properties" in ours.output, "\x1b" in ours.output) == (0, True, False)
    with psycopg.connect(database_url) as connection:
        for table in ("intake.raw_leads", "intake.quarantined_forms", "cdp.events", "intake.form_traces"):
            assert connection.execute(f"select count(*) from {table}".encode()).fetchone() == (0,)


def test_try_names_what_it_does_not_know(bodies: Path) -> None:
    assert "it has facebook, google" in str(
        run_forms("try", str(bodies / "ours.json"), "--tool", "no").exception
    )
    assert "cannot be read" in str(run_forms("try", str(bodies / "none.json")).exception)


@pytest.mark.usefixtures("bodies")
def test_tools_says_which_are_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_FORM_WEBFLOW_SECRETS", "w" * 16)
    monkeypatch.setenv("LEADOPS_FORM_HUBSPOT_SECRETS", "h" * 16)
    lines = {
        line.split("│")[1].strip(): line
        for line in run_forms("tools").output.splitlines()
        if "/webhook" in line
    }
    assert lines.keys() == SHIPPED.forms.tools.keys()
    assert "on" in lines["webflow"].split("│")[4].split()
    assert "tools.hubspot.url" in lines["hubspot"]
    assert "LEADOPS_FORM_TYPEFORM_SECRETS" in lines["typeform"]
