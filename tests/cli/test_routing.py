"""`leadops routing`: the story of a lead, other rules, and what is wrong with the rules."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.routing import app
from leadops.config.load_config import shipped_file
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.roles import as_role
from tests.routing.conftest import Office, office

__all__ = ["office"]


@pytest.fixture(autouse=True)
def _routed(office: Office, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("COLUMNS", "200")
    office.rep("rep-a")
    office.rep("rep-b", away=[{"from": "2026-06-01", "to": "2026-06-02"}])
    office.mql(1, company="Acme", language="ja")
    office.assign(2)
    office.connection.commit()


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_why_says_who_was_passed_over_and_no_name() -> None:
    output = run("why", "1")
    assert "2026-06-01 10:02 JST" in output
    assert "to rep-a, who served least by weight (rule everybody); 2 min after the MQL" in output
    assert "not rep-b: is away (rule everybody)" in output
    assert "Acme" not in output
    assert run("why", "P1@x.example") == output
    assert json.loads(run("why", "1", "--json"))[0]["rep_id"] == "rep-a"


def test_why_says_that_an_imported_mql_is_not_routed(office: Office) -> None:
    office.lead(2)
    office.connection.commit()
    with pytest.raises(PermanentError, match="it is not an MQL yet"):
        CliRunner().invoke(app, ["why", "2"], catch_exceptions=False)
    office.mql(2)
    office.connection.execute("delete from routing.inbox where lead_id = 2")
    office.connection.execute(
        'update lifecycle.transitions set evidence = \'{"imported": "deals.csv"}\' where lead_id = 2'
    )
    office.connection.commit()
    with pytest.raises(PermanentError, match="its MQL was imported, and imported leads keep their owner"):
        CliRunner().invoke(app, ["why", "2"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("lead", "says"),
    [("77", "there is no lead 77"), ("no@x.example", "no lead has this email"), ("Ann", "must be a lead_id")],
)
def test_why_says_what_it_wants(lead: str, says: str) -> None:
    with pytest.raises(PermanentError, match=says):
        CliRunner().invoke(app, ["why", lead], catch_exceptions=False)


def test_simulate_compares_the_rules_of_now_with_new_ones(tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(shipped_file("routing").read_text().replace("weights: {}", "weights: {rep-a: 5}"))
    output = run("simulate", "--since", "3650d", "--rules", str(new))
    assert "rules now" in output
    assert "rules new" in output
    shown = json.loads(run("simulate", "--since", "3650d", "--rules", str(new), "--json"))
    assert set(shown) == {"now", "new"}
    assert shown["now"]["wait_minutes"]["longest"] == 0
    with pytest.raises(PermanentError, match="30d, 12h"):
        CliRunner().invoke(app, ["simulate", "--since", "soon"], catch_exceptions=False)


def test_simulate_does_not_praise_rules_that_name_nobody(office: Office) -> None:
    office.connection.execute("update crm.reps set profile = profile || '{\"capacity_per_day\": 0}'")
    office.connection.commit()
    output = run("simulate", "--since", "3650d")
    assert "1 of 1" in output
    assert "min" not in output
    shown = json.loads(run("simulate", "--since", "3650d", "--json"))["now"]
    assert (shown["still_waiting"], shown["wait_minutes"]["p50"]) == (1, None)


def test_lint_finds_nothing_or_fails(tmp_path: Path) -> None:
    assert "4 rules, 2 salespeople: nothing found" in run("lint")
    new = tmp_path / "new.yaml"
    new.write_text(shipped_file("routing").read_text().replace("weights: {}", "weights: {rep-x: 5}"))
    result = CliRunner().invoke(app, ["lint", "--rules", str(new)])
    assert "weights names rep-x" in result.output
    assert isinstance(result.exception, PermanentError)


def test_assign_routes_what_has_come() -> None:
    assert "0 got an owner" in run("assign")
