"""`leadops thresholds`: what is in force and why, a proposal by hand, and other ways."""

from datetime import timedelta

import pytest
from typer.testing import CliRunner

from leadops.cli import thresholds
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.roles import as_role
from tests.thresholds.conftest import DAY, Firm, firm

__all__ = ["firm"]


@pytest.fixture(autouse=True)
def _busy(firm: Firm, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(thresholds, "clock", firm.after)
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=60)


def run(*words: str) -> list[list[str]]:
    result = CliRunner().invoke(thresholds.app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [
        [cell.strip() for cell in line.split("│")] for line in result.output.replace("┃", "│").splitlines()
    ]


def row(lines: list[list[str]], label: str) -> list[str]:
    return next(line[2:-1] for line in lines if len(line) > 2 and line[1] == label)


def test_what_two_more_salespeople_and_an_hour_would_bring(firm: Firm) -> None:
    table = run("what-if", "--capacity", "+2", "--sla", "60m")
    assert row(table, "") == ["today", "what if", "what if, best threshold"]
    assert row(table, "threshold") == ["60 points", "60 points", "70 points"]
    assert row(table, "SLA target")[:2] == ["240 min", "60 min"]
    assert row(table, "leads a week")[:2] == ["75.0", "75.0"]
    today, then, best = (float(cell) for cell in row(table, "SQLs a week"))
    assert today < then <= best
    assert firm.rows() == []


def test_all_salespeople_can_be_named_and_a_threshold() -> None:
    assert run("what-if", "--capacity", "3") == run("what-if", "--capacity", "+2")
    table = run("what-if", "--threshold", "80")
    assert row(table, "threshold") == ["60 points", "80 points"]
    assert row(table, "leads a week") == ["75.0", "30.0"]


@pytest.mark.parametrize(
    "words", [("--capacity", "many"), ("--sla", "soon"), ("--sla", "0m"), ("--capacity", "0")]
)
def test_what_cannot_be_is_refused_in_one_line(words: tuple[str, ...]) -> None:
    with pytest.raises(PermanentError) as caught:
        run("what-if", *words)
    assert "\n" not in str(caught.value)


def test_propose_and_show(firm: Firm) -> None:
    assert "no total, first contact in 240 min (KPI version 2026-Q1)" in run("show")[0][0]
    assert "2026-06-30: ask: a step of more than 5 points" in run("propose", "--dry-run")[0][0]
    assert firm.rows() == []
    run("propose", "--day", "2026-06-30")
    assert row(run("show"), "2026-06-30")[0] == "kept, waits"


def test_a_day_that_is_not_over_is_refused() -> None:
    with pytest.raises(PermanentError, match="is not over; the last whole day is 2026-06-30"):
        run("propose", "--day", str(DAY + timedelta(days=1)))


def test_a_proposal_is_approved_applied_and_taken_back_without_airflow(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("propose")
    assert "2026-06-30: kept, not active" in run("apply")[0][0], "it waits for a human"
    assert run("approve")[0][0] == "2026-06-30: approved"
    assert row(run("show"), "2026-06-30")[0] == "kept, approved"
    assert "2026-06-30: approved, active" in run("apply")[0][0]
    assert run("apply") == run("apply")
    assert run("evaluate-rollback")[0][0] == "no change is watched", "it is of the morning after"
    monkeypatch.setattr(thresholds, "clock", lambda: firm.after(hours=5))
    assert run("revert", "--reason", "too many calls", "--by", "taro")[0][0] == (
        "the change of 2026-06-30 is reverted"
    )
    assert [decided_by for _, _, _, decided_by, *_ in firm.rows()] == ["approved", "reverted"]
    monkeypatch.setattr(thresholds, "clock", lambda: firm.after(hours=6))
    assert "no total" in run("show")[0][0]


def test_a_rejected_proposal_is_not_applied(firm: Firm) -> None:
    run("propose")
    assert run("reject", "--day", "2026-06-30")[0][0] == "2026-06-30: rejected"
    assert "2026-06-30: kept, not active" in run("apply")[0][0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("approve",), "no proposal of 2026-06-30 waits for a human"),
        (("apply",), "nothing was proposed for 2026-06-30"),
        (("revert", "--reason", " "), "--reason must say why"),
        (("revert", "--reason", "x"), "no change of the threshold is active"),
        (("approve", "--day", "soon"), "'soon' is not a day"),
    ],
)
def test_what_cannot_be_decided_is_one_line(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(PermanentError, match=says):
        run(*words)
