"""`leadops changes`: the whole way from a changed file over Slack and an answer to the points."""

import re
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from leadops.cli import changes
from leadops.errors import PermanentError
from tests.alerts.conftest import slack, slack_server
from tests.changes.fleet import Fleet, fleet, rules

__all__ = ["fleet", "slack", "slack_server"]


@pytest.fixture(autouse=True)
def _wiring(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
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
    assert run("reject", short, "--by", "taro").endswith("rejected; the former settings stay in force\n")
    fleet.a.minute()
    assert fleet.points() == [15] * 10
    assert "rejected by taro" in run("show", short)
