"""`leadops attribution`: credits as a table, all models side by side, and a day worked out by hand."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.attribution import app
from leadops.config.load_config import shipped_file
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.attribution.conftest import Market, market, settings_with
from tests.roles import as_role

__all__ = ["market"]


@pytest.fixture(autouse=True)
def _credited(market: Market, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    shipped = shipped_file("attribution").read_text(encoding="utf-8")
    own = shipped.replace("min_conversions: 30", "min_conversions: 4").replace("stage: sql", "stage: won")
    (tmp_path / "attribution.yaml").write_text(own)
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    for lead in range(1, 5):
        market.lead(lead)
        market.touch(lead, 5, "email", "spring")
        market.touch(lead, 4, "ads" if lead % 2 else "email")
        market.convert(lead, 1, value="1000.10", stage="won")
    market.connection.commit()


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def rows(output: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]


def test_one_model_is_shown_with_its_interval() -> None:
    refreshed = run("refresh", "--day", "2026-06-30")
    assert refreshed == "2026-04-02 to 2026-06-30: 4 conversions, 8 touches\n"
    output = run("show", "--model", "linear", "--by", "channel")
    assert "4 conversions (stage won) worth 4,000.40 JPY, 0 without a touch; 8 touches, 0 paths" in output
    (email, ads) = rows(output)
    assert [email[0], email[1], email[4], email[5]] == ["email", "3.0", "75.0 %", "3,000.30"]
    assert [ads[0], ads[1], ads[4], ads[5]] == ["ads", "1.0", "25.0 %", "1,000.10"]
    assert float(ads[2]) < 1 < float(ads[3])
    assert rows(run("show", "--model", "first_touch", "--by", "campaign"))[0][:2] == ["spring", "4.0"]


def test_without_a_model_all_stand_side_by_side() -> None:
    run("refresh", "--day", "2026-06-30")
    shown = {name: numbers for name, *numbers in rows(run("show", "--day", "2026-06-30"))}
    assert {name: numbers[:3] for name, numbers in shown.items()} == {
        "email": ["2.0", "4.0", "3.0"],
        "ads": ["2.0", "0.0", "1.0"],
    }


def test_too_few_conversions_are_said_in_place_of_numbers(market: Market) -> None:
    market.settings = settings_with(evidence__min_conversions=9, conversion__stage="won")
    market.refresh()
    market.connection.commit()
    assert "No numbers: 4 conversions; 9 are needed for a number." in run("show")


def test_a_day_that_is_not_there_is_said() -> None:
    with pytest.raises(PermanentError, match="no day is computed yet"):
        CliRunner().invoke(app, ["show"], catch_exceptions=False)
    with pytest.raises(PermanentError, match=re.escape("2020-01-01 is not computed; run leadops attr")):
        CliRunner().invoke(app, ["show", "--day", "2020-01-01"], catch_exceptions=False)
    with pytest.raises(PermanentError, match="no model magic; the models are last_touch"):
        CliRunner().invoke(app, ["show", "--model", "magic"], catch_exceptions=False)


def test_yesterday_is_refreshed_unless_another_day_is_given() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d: .*\n", run("refresh"))
