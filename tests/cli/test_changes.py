"""`leadops changes`: the whole way from a changed file over Slack and an answer to the points."""

import re

import pytest
from typer.testing import CliRunner

from leadops.alerts.checks import CHECKS
from leadops.alerts.notify import notify_incidents
from leadops.cli import changes
from leadops.errors import PermanentError
from leadops.incidents.run_checks import run_checks
from leadops.sla.sla_policy import SlaCalendar
from tests.alerts.conftest import CALM, Slack, slack, slack_server
from tests.changes.fleet import Fleet, database_url, fleet, fleet_template, rules
from tests.delivery_fixture import DeliveryFixture, desk, ma_url
from tests.shipped import SHIPPED

__all__ = ["database_url", "desk", "fleet", "fleet_template", "ma_url", "slack", "slack_server"]


@pytest.fixture(autouse=True)
def _wiring(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", fleet.url)
    monkeypatch.setattr(changes, "clock", lambda: fleet.now)
    return


def run(*words: str) -> str:
    result = CliRunner().invoke(changes.app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_waiting_change_is_shown_afresh_and_approved(fleet: Fleet) -> None:
    assert "no change has been asked about" in run("show")
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    short = fleet.waiting().short_hash
    assert re.search(rf"{short} .* scoring.yaml .* waits .* 8 of 10 leads with points", run("show"))
    fleet.add_leads(1, "webinar")
    shown = run("show", short)
    assert "waits: more than 20% of the leads get another grade" in shown
    asked, now = shown.split("now it would do this:")
    assert "8 of 10 leads with points get another grade (80.0%), 8 other points, 0 become MQL" in asked
    assert "9 of 11 leads with points get another grade (81.8%), 9 other points, 0 become MQL" in now
    assert "lead 3: 15 → 5, C3 → C4" in now
    done = run("approve", short[:6], "--by", "hanako")
    assert done == f"scoring.yaml ({short}): approved; takes effect within a minute\n"
    fleet.a.minute()
    assert fleet.points() == [15] * 2 + [5] * 9
    assert re.search(rf"{short} .* approved .* hanako, 2026-07-30", run("show"))
    with pytest.raises(PermanentError, match="does not wait any more: approved"):
        run("approve", short)


def test_a_rejected_change_leaves_everything_as_it_was(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    short = fleet.waiting().short_hash
    assert run("reject", short, "--by", "taro").endswith("rejected; what is in force stays so\n")
    fleet.a.minute()
    assert fleet.points() == [15] * 10
    assert "rejected by taro" in run("show", short)


def tell(fleet: Fleet, slack: Slack) -> str:
    """Run the checks, bring Slack up to date, and return what its newest message says."""
    slack.clock.now = fleet.now
    calendar = SlaCalendar(SHIPPED.sla)
    run_checks(fleet.connection, CHECKS, settings=SHIPPED.alerts, calendar=calendar, now=fleet.now)
    notify_incidents(
        fleet.connection,
        slack.chat(),
        settings=CALM,
        company=SHIPPED.company,
        clock=slack.clock,
        sleep=lambda seconds: None,
    )
    message = slack.messages()[-1]
    blocks = [block["text"]["text"] for block in message["blocks"] if "text" in block]
    return "\n".join([message["text"], *blocks])


def test_from_the_file_over_slack_and_an_answer_to_the_score_in_the_ma(
    fleet: Fleet, slack: Slack, desk: DeliveryFixture
) -> None:
    assert not desk.push().failed
    assert [desk.ma_score(lead) for lead in (1, 3)] == [15, 15]
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    text = tell(fleet, slack)
    for words in (
        "A change of scoring.yaml needs approval",
        "8 of 10 leads with points would get another grade (80 %), 8 other points",
        "3: 15 → 5, C3 → C4",
    ):
        assert words in text
    assert "@example.com" not in text
    assert not desk.push().failed
    assert desk.ma_score(3) == 15

    short = re.search(r"leadops changes approve (\w{12})", text)
    assert short
    run("approve", short[1], "--by", "hanako")
    fleet.a.minute()
    assert not desk.push().failed
    assert [desk.ma_score(lead) for lead in (1, 3)] == [15, 5]
    assert "Change of scoring.yaml awaiting approval" in tell(fleet, slack)
    rows = fleet.world.rows("select state from incidents.incidents where kind = 'change_waits'")
    assert rows == [("resolved",)]
    fleet.connection.commit()
