import json

from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.errors import PermanentError
from tests.cli.test_score import rule_file, scored
from tests.scoring.conftest import World, world

__all__ = ["rule_file", "scored", "world"]


def test_explain_shows_every_point_and_the_total(scored: World) -> None:
    CliRunner().invoke(app, ["score"])
    result = CliRunner().invoke(app, ["explain", "a@x.example"], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert "happened (Asia/Tokyo)" in result.output
    assert "2026-03-01 00:01:00" in result.output
    assert "fit 0 + behaviour 5 + model 0 = 5, shown as 5, grade C4" in result.output
    assert json.loads(CliRunner().invoke(app, ["explain", "1", "--json"]).output)["lines"][0]["points"] == 5


def test_explain_fails_where_the_numbers_do_not_agree(scored: World) -> None:
    CliRunner().invoke(app, ["score"])
    scored.connection.execute("update scoring.scores set behaviour = 9")
    scored.connection.commit()
    result = CliRunner().invoke(app, ["explain", "1"])
    assert isinstance(result.exception, PermanentError)
    assert "run leadops audit" in str(result.exception)


def test_explain_says_what_it_wants(scored: World) -> None:
    for lead, words in [
        ("Ann", "must be a lead_id"),
        ("77", "no lead 77"),
        ("b@x.example", "nobody has this email"),
    ]:
        result = CliRunner().invoke(app, ["explain", lead])
        assert words in str(result.exception)
