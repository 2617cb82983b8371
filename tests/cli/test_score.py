import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.migrations.rights import Part
from tests.roles import as_role
from tests.scoring.conftest import World, at, world
from tests.scoring.oracle import Happening

__all__ = ["world"]

RULES = "behaviour:\n- {name: view, event: view, points: %d}\n"


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    path = tmp_path / "scoring.yaml"
    path.write_text(RULES % 5, encoding="utf-8")
    return path


@pytest.fixture
def scored(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, rule_file: Path) -> World:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(rule_file.parent))
    world.accept(
        [Happening("one", "view", at(1), email="a@x.example"), Happening("two", "view", at(2), user_id="u")]
    )
    return world


def test_score_resolves_and_scores_until_nothing_waits(scored: World) -> None:
    result = CliRunner().invoke(app, ["score"])
    assert (result.exit_code, result.output) == (
        0,
        "2 events, 1 new leads, 1 leads scored, 1 ledger rows, 5 points, 0 corrections\n",
    )
    assert scored.points() == {("a@x.example", "one", "view"): 5}
    assert json.loads(CliRunner().invoke(app, ["score", "--json"]).output)["ledger_rows"] == 0


def test_dry_run_shows_lead_by_lead_and_writes_nothing(scored: World, rule_file: Path) -> None:
    CliRunner().invoke(app, ["score"])
    new = rule_file.with_name("new.yaml")
    new.write_text(RULES % 70, encoding="utf-8")
    result = CliRunner().invoke(app, ["score", "--dry-run", "--rules", str(new)], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert "view +65" in result.output
    assert "every lead, since the rules changed" in result.output
    shown = json.loads(CliRunner().invoke(app, ["score", "--dry-run", "--rules", str(new), "--json"]).output)
    assert (shown["changed"], shown["changes"][0]["grade_after"]) == (1, "C1")
    assert scored.points() == {("a@x.example", "one", "view"): 5}
    assert json.loads(CliRunner().invoke(app, ["score", "--dry-run", "--json"]).output)["changed"] == 0


def test_values_without_a_rule_are_listed_as_text_and_nothing_is_scored(
    scored: World, rule_file: Path
) -> None:
    fit = "fit:\n- {name: mine, trait: industry, when: {in: [mining]}, points: 5}\n"
    rule_file.write_text(RULES % 5 + fit, encoding="utf-8")
    told = {"industry": "[/red]\x1b[31m Retail"}
    scored.accept([Happening("three", "identify", at(3), email="a@x.example", properties=told)])
    scored.resolve()
    scored.connection.commit()
    result = CliRunner().invoke(app, ["score", "--unmatched"], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    assert "[/red]\\x1b[31m Retail" in result.output
    assert "no rule fits" in result.output
    assert scored.points() == {}
    shown = json.loads(CliRunner().invoke(app, ["score", "--unmatched", "--json"]).output)
    assert [(value["trait"], value["leads"]) for value in shown] == [("industry", 1)]


PAGE_RULES = """
behaviour:
- {name: wide, event: page_view, points: 2, when: {context.page: {path: /products}}}
- name: large
  event: page_view
  points: 9
  when: {context.page: {path: /products/sso}, properties.n: {at_least: 5}}
- {name: found, event: search, points: -3, when: {context.page: {path_is: [/about, /products/sso]}}}
"""


def test_a_page_is_asked_about_without_a_database(
    rule_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEADOPS_DATABASE_URL", raising=False)
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(rule_file.parent))
    new = tmp_path / "new.yaml"
    new.write_text(PAGE_RULES, encoding="utf-8")
    asked = ["score", "--rules", str(new), "--page"]
    shown = CliRunner().invoke(
        app, [*asked, "https://shop.example/ja/Products/SSO/?x"], env={"COLUMNS": "120"}
    )
    assert shown.exit_code == 0, shown.output
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in shown.output.splitlines() if "│" in line
    ]
    assert rows == [
        ["page_view", "large", "path: /products/sso", "+9", "its other conditions hold"],
        ["page_view", "wide", "path: /products", "+2", ""],
        ["search", "found", "path_is: /products/sso", "-3", ""],
    ]
    found = json.loads(CliRunner().invoke(app, [*asked, "/products-old", "--json"]).output)
    assert found == []
    assert "no rule has a path" in CliRunner().invoke(app, [*asked, "/products-old"]).output
    found = json.loads(CliRunner().invoke(app, [*asked, "/products", "--json"]).output)
    assert found == [{"event": "page_view", "rule": "wide", "points": 2}]
