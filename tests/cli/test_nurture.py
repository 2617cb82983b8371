"""`leadops nurture`, as a person calls it."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leadops.cli import nurture
from leadops.cli.plan_text import ENDS, REASONS
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from leadops.nurture.membership_states import EndReason, SkipReason
from tests.nurture.lift_world import Programmes, at
from tests.nurture.programme_world import START, ProgrammeWorld
from tests.roles import as_role
from tests.shipped import SHIPPED

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


def test_every_reason_has_words() -> None:
    assert set(SkipReason) <= REASONS.keys()
    assert set(EndReason) <= ENDS.keys()


@pytest.fixture
def world(programmes: Programmes, monkeypatch: pytest.MonkeyPatch) -> ProgrammeWorld:
    """The programme `trial` in force, in a file that the commands read too; lead 1 visits at 10:00."""
    world = ProgrammeWorld(programmes.connection)
    monkeypatch.setattr(nurture, "clock", lambda: world.now)
    monkeypatch.setattr(nurture, "read_config", lambda: SHIPPED.replace(nurture=world.settings))
    world.lead()
    world.act()
    return world


def test_a_plan_in_the_leads_own_time(world: ProgrammeWorld) -> None:
    world.run_until(START + timedelta(hours=2))
    world.connection.commit()
    shown = run("plan", "1")
    assert shown.exception is None
    assert shown.output.splitlines() == [
        "lead 1: Asia/Tokyo, messages in en, now 2026-06-02 12:00",
        "trial: in it since 2026-06-02 10:00, cycle 1",
        "  2026-06-03 09:00  second: m.second “x”",
        "  2026-06-09 10:00  third: m.third “x”",
        "what came:",
        "  2026-06-02 11:00  trial.first (cycle 1): queued m.first, outbox: done",
    ]
    world.stage("sal", START + timedelta(hours=2))
    world.run_until(START + timedelta(days=1))
    world.connection.commit()
    assert run("plan", "1").output.splitlines()[1:3] == [
        "ends programmes with that exit: sales has accepted the lead (sal)",
        "trial: not in it; exited (cycle 1, entered 2026-06-02 10:00): sales has accepted the lead;"
        " enters again from 2026-07-02 10:00 on",
    ]
    assert json.loads(run("plan", "1", "--json").output)["programmes"][0]["state"] == "exited"
    assert isinstance(run("plan", "2").exception, PermanentError)


def test_a_simulation_beside_what_was_sent(world: ProgrammeWorld) -> None:
    world.run_until(START + timedelta(days=8))
    world.connection.commit()
    shown = run("simulate", "--since", "8d").output
    assert re.search(r"trial +│ third +│ +1 │ +1 │ +\+0", shown)
    assert "1 membership would have begun, 0 of them held out" in shown
    assert re.search(r"second +│ 2026-06-03 │ +1 │ +1 │", run("simulate", "--since", "8d", "--days").output)
    assert json.loads(run("simulate", "--since", "8d", "--json").output)["entered"] == 1
