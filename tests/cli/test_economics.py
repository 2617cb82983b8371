"""`leadops economics`: the months, and the worked example of a scenario."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from leadops.cli.economics import app
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.economics.conftest import Books, books
from tests.roles import as_role

__all__ = ["books"]

EXAMPLE = ("--mqls", "1200", "--sql-rate", "0.15:0.29", "--win-rate", "0.22", "--acv", "1200000")


@pytest.fixture
def _kept(books: Books, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    books.lead("spring", "2026-03-02", won="2026-03-20", value="1200000")
    books.lead("spring", "2026-03-20", won="2026-03-10")
    books.cost("2026-03-01", "ads", "60000", "spring")
    books.cost("2026-03-01", "content", "40000.50")
    books.connection.commit()


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("_kept")
def test_refresh_and_show() -> None:
    assert "2026-04-30: 1 line, 100,000.50 JPY spent, 1 deal won, 1 left out" in run(
        "refresh", "--day", "2026-04-30"
    )
    output = run("show")
    assert "2026-03" in output
    assert "100,000.50 *" in output
    assert "left out: 1 deal won" in output
    by_campaign = run("show", "--month", "2026-03")
    for words in ("spring", "all", "60,000", "40,000.50", "content"):
        assert words in by_campaign
    shown = json.loads(run("show", "--month", "2026-03", "--json"))
    assert sum(float(part["direct"]) + float(part["allocated"]) for part in shown["costs"]) == 100000.50


@pytest.mark.usefixtures("_kept")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show"], "nothing is computed yet; run leadops economics refresh"),
        (
            ["show", "--day", "2026-04-30"],
            "nothing is computed for 2026-04-30 yet; .* refresh --day 2026-04",
        ),
        (["show", "--day", "2020-01-01"], "nothing to show for 2020-01-01: no cost, MQL .* from 2018-02 on"),
        (["show", "--month", "July"], "a month as 2026-07"),
        (["refresh", "--day", "31.7.2026"], "give a day as 2026-07-31"),
    ],
)
def test_wrong_words_are_one_line(words: list[str], says: str) -> None:
    with pytest.raises(PermanentError, match=says):
        CliRunner().invoke(app, words, catch_exceptions=False)


@pytest.mark.usefixtures("_kept")
def test_a_month_of_which_nothing_is_known() -> None:
    run("refresh", "--day", "2026-04-30")
    with pytest.raises(PermanentError, match="nothing is known of 2025-01"):
        CliRunner().invoke(app, ["show", "--month", "2025-01"], catch_exceptions=False)


def test_a_month_without_any_cost_has_no_cac(
    books: Books, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    books.lead("spring", "2026-03-02", won="2026-03-20", value="1200000")
    books.connection.commit()
    run("refresh", "--day", "2026-04-30")
    (shown,) = json.loads(run("show", "--json"))["months"]
    assert [shown[name] for name in ("cost", "cac", "cohort_cac", "payback_months")] == [None] * 4
    (row,) = (line for line in run("show").splitlines() if "2026-03" in line)
    cells = [cell.strip() for cell in row.split("│")[1:-1]]
    assert cells == ["2026-03", "–", "1", "1,200,000", "–", "1", "1", "0", "–", "–"]


def test_a_refresh_that_found_nothing_is_not_asked_for_again(
    books: Books, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    run("refresh")
    with pytest.raises(PermanentError, match=r"there is nothing to show for .*; leadops import brings them"):
        CliRunner().invoke(app, ["show"], catch_exceptions=False)


def test_the_worked_example() -> None:
    output = run("scenario", *EXAMPLE)
    for words in ("39.6", "76.6", "47,520,000", "91,872,000", "1.93 times as many deals", "+4,752,000"):
        assert words in output
    assert "only" not in output
    assert "CAC" in run("scenario", *EXAMPLE, "--cost", "3960000")
    body: dict[str, Any] = json.loads(run("scenario", *EXAMPLE, "--cost", "3960000", "--json"))
    assert body["before"]["cac"] == 100_000
    assert body["ten_percent_more"]["cost"]["cac"] == 110_000


def test_ranges_also_stand_alone() -> None:
    output = run("scenario", *EXAMPLE[:-1], "1200000:1000000")
    assert "only SQL rate" in output
    assert "only value of a deal" in output


def test_a_bad_input_is_one_line() -> None:
    with pytest.raises(PermanentError, match="--win-rate must lie between 0 and 1"):
        CliRunner().invoke(app, ["scenario", *EXAMPLE[:5], "22", *EXAMPLE[6:]], catch_exceptions=False)
