"""`leadops nurture`, as a person calls it."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leadops.cli import nurture
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.nurture.lift_world import Programmes, at
from tests.roles import as_role

NOW = datetime(2026, 9, 1, 3, tzinfo=UTC)


@pytest.fixture
def programmes(connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Programmes:
    monkeypatch.setitem(os.environ, "LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setattr(nurture, "clock", lambda: NOW)
    return Programmes(connection)


def run(*words: str) -> Result:
    return CliRunner().invoke(nurture.app, list(words))


def test_a_lift_is_measured_and_said(programmes: Programmes) -> None:
    assert "no lift is measured yet" in run("lift").output
    version = programmes.version("pricing_page", 0.3)
    for number in range(10):
        lead = programmes.enter("pricing_page", version, at("2026-03-02 10:00"), held_out=number > 6)
        if number in (0, 1, 2, 7):
            programmes.sql(lead, at("2026-03-20 10:00"))
    programmes.connection.commit()

    measured = run("measure-lift")
    shown = run("lift", "--months")
    rows = json.loads(run("lift", "--json").output)

    assert measured.output == "2026-08-31: 1 programme measured\n"
    # The interval by statsmodels 0.14: confint_proportions_2indep(3, 7, 1, 3, method="newcomb").
    # 4 of all 10: ((1.959964 * 1.069045 + 0.841621 * 1.023600) / 0.148148)² = 398.3.
    assert shown.output.splitlines()[0] == (
        "pricing_page: 42.9% of 7 members became SQL within 60 days, 33.3% of 3 held out;"
        " a difference of +9.5 percentage points (95 % interval -43.7 to +51.6)."
        " Too early to tell: it takes about 389 more people."
    )
    assert "2026-03" in shown.output
    assert [(row["cohort"], row["member_sqls"], row["held_out_sqls"]) for row in rows] == [
        (None, 3, 1),
        ("2026-03-01", 3, 1),
    ]
    assert "2026-03" not in run("lift").output
    assert isinstance(run("lift", "--programme", "nothing").exception, PermanentError)
    assert isinstance(run("measure-lift", "--day", "2026-09-01").exception, PermanentError)


def test_lint_says_what_is_never_reached(programmes: Programmes, tmp_path: Path) -> None:
    shipped = run("lint")
    assert shipped.exit_code == 1
    assert "never  webinar.entry[0]: no sender sent webinar_attend since 2026-08-02" in shipped.output
    file = tmp_path / "nurture.yaml"
    file.write_text('next_day_at: "07:00"\n')
    changed = run("lint", "--file", str(file), "--since", "12h")
    assert "note   pricing_page.roi_case: next_day_at 07:00 is in the quiet hours" in changed.output
    findings = json.loads(run("lint", "--json").output)
    assert {finding["is_never"] for finding in findings} == {True}
