from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.errors import PermanentError
from tests.cli.test_score import rule_file, scored
from tests.scoring.conftest import World, world

__all__ = ["rule_file", "scored", "world"]

RULES = "behaviour:\n- {name: view, event: view, points: 16}\ndecay: {half_life_days: 10, grace_days: 0}\n"


@pytest.fixture
def fading(scored: World, rule_file: Path) -> World:
    rule_file.write_text(RULES, encoding="utf-8")
    CliRunner().invoke(app, ["score"])
    return scored


def test_a_night_is_shown_first_and_then_done_once(fading: World) -> None:
    run = CliRunner().invoke
    shown = run(app, ["decay", "--day", "2026-03-11", "--dry-run"])
    assert shown.output == (
        "2026-03-11: looked at 1 leads that were due, 1 would change, by -8 points in all;"
        " nothing was written\n"
    )
    for changed, points in ((1, -8), (0, 0)):
        done = run(app, ["decay", "--day", "2026-03-11"])
        assert f"{changed} changed, by {points:+d} points in all\n" in done.output
    later = run(app, ["decay"])
    assert (later.exit_code, "1 changed, by -8 points" in later.output) == (0, True), "yesterday, long after"


def test_nights_in_a_row_are_one_line_of_the_explanation(fading: World) -> None:
    for day in ("2026-03-11", "2026-03-21", "2026-03-31"):
        CliRunner().invoke(app, ["decay", "--day", day])
    lines = CliRunner().invoke(app, ["explain", "1"], env={"COLUMNS": "160"}).output.splitlines()
    (line,) = [line for line in lines if "decay" in line]
    cells = [cell.strip() for cell in line.split("│")[1:-1]]
    assert cells == [
        "2026-04-01 00:00:00",
        "-14",
        "2",
        "behaviour",
        "decay",
        "",
        "3 nights, behaviour of 16 points is worth 2 at the end of 2026-03-31",
    ]


@pytest.mark.parametrize(
    ("day", "says"),
    [("11.3.2026", "give a day as 2026-07-31"), (f"{datetime.now(UTC).year + 1}-01-01", "is not over yet")],
)
def test_a_day_that_cannot_be_is_refused(fading: World, day: str, says: str) -> None:
    result = CliRunner().invoke(app, ["decay", "--day", day])
    assert isinstance(result.exception, PermanentError)
    assert says in str(result.exception)
