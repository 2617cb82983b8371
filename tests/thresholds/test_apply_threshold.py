from datetime import timedelta

import pytest

from leadops.errors import PermanentError
from leadops.thresholds.active_threshold import read_active_threshold
from leadops.thresholds.apply_threshold import ask_human, list_thresholds, read_threshold, record_answer

from .conftest import DAY, Firm


@pytest.fixture
def asked(firm: Firm) -> Firm:
    """A firm with a large step that waits for a human."""
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=40)
    assert firm.propose().choice.plan == "ask"
    assert ask_human(firm.connection, day=DAY, now=firm.after(), run_id="run")
    firm.connection.commit()
    return firm


def answer(firm: Firm, said: str) -> None:
    record_answer(firm.connection, day=DAY, answer=said)
    firm.connection.commit()


def waiting(firm: Firm) -> list:
    return firm.connection.execute(
        "select day from lifecycle.thresholds where waits_since is not null"
    ).fetchall()


def in_force(firm: Firm, at) -> tuple:
    held = read_active_threshold(firm.connection, contract=firm.rules.kpi, policy=firm.rules.sla, at=at)
    return held.value, held.target


def test_an_approved_step_is_in_force_from_then_on(asked: Firm) -> None:
    assert waiting(asked) == [(DAY,)]
    answer(asked, "approved")
    assert waiting(asked) == []
    row = asked.apply()
    assert (row.decided_by, row.value) == ("approved", row.proposed_value)
    assert row.effective_at == asked.after(hours=4)
    assert in_force(asked, asked.after(hours=4)) == (None, 240)
    assert row.sla_minutes is None, "the best target is the present one"
    assert in_force(asked, asked.after(hours=5)) == (row.value, 240)


@pytest.mark.parametrize("said", ["rejected", "unanswered", None])
def test_without_an_approval_nothing_changes(asked: Firm, said) -> None:
    if said:
        answer(asked, said)
        assert waiting(asked) == []
    row = asked.apply()
    assert (row.decided_by, row.value, row.effective_at, row.answer) == ("kept", None, None, said)


def test_a_second_apply_changes_nothing(asked: Firm) -> None:
    answer(asked, "approved")
    first = asked.apply()
    assert asked.apply(now=asked.after(hours=6)) == first
    answer(asked, "rejected")
    assert asked.apply() == first


def test_a_day_that_was_decided_keeps_its_row(asked: Firm) -> None:
    answer(asked, "approved")
    first = asked.apply()
    found = asked.propose()
    assert not found.is_new
    assert asked.apply() == first


def test_a_day_proposed_again_asks_again(asked: Firm) -> None:
    answer(asked, "rejected")
    assert asked.propose().choice.plan == "ask"
    assert ask_human(asked.connection, day=DAY, now=asked.after())
    assert asked.apply().effective_at is None


def test_a_small_step_is_in_force_by_itself(asked: Firm) -> None:
    asked.set(max_step=40, sla_minutes=[240])
    asked.propose()
    assert not ask_human(asked.connection, day=DAY, now=asked.after())
    assert asked.apply().decided_by == "automatic"


def test_a_day_long_past_changes_nothing(asked: Firm) -> None:
    answer(asked, "approved")
    row = asked.apply(now=asked.after(DAY + timedelta(days=1)))
    assert (row.effective_at, row.plan) == (None, "keep")
    assert row.reason.startswith("2026-06-30 is not the last whole day, so nothing changes: ")


def test_nor_does_one_that_something_else_has_overtaken(asked: Firm) -> None:
    answer(asked, "approved")
    asked.decide(75, DAY - timedelta(days=1))
    row = asked.apply(now=asked.after(hours=5))
    assert row.effective_at is None
    assert row.reason.startswith("another change was activated since")


def test_a_new_agreement_begins_with_its_own_total(asked: Firm) -> None:
    answer(asked, "approved")
    asked.apply()
    version = asked.rules.kpi.versions[0]
    later = version.model_copy(update={"version": "2026-Q3", "effective_from": DAY + timedelta(days=1)})
    contract = asked.rules.kpi.model_copy(update={"versions": [version, later]})
    held = read_active_threshold(
        asked.connection, contract=contract, policy=asked.rules.sla, at=asked.after(hours=9)
    )
    assert (held.kpi_version, held.value) == ("2026-Q3", None)


def test_a_day_without_a_proposal_is_refused(firm: Firm) -> None:
    with pytest.raises(PermanentError, match="leadops thresholds propose --day 2026-06-30"):
        firm.apply()


def test_the_newest_days_are_listed_first(asked: Firm) -> None:
    older = DAY - timedelta(days=1)
    asked.connection.execute(
        "insert into lifecycle.thresholds overriding system value"
        " select (jsonb_populate_record(t, jsonb_build_object('day', %s::date, 'threshold_id', 0))).*"
        " from lifecycle.thresholds as t",
        [older],
    )
    rows = list_thresholds(asked.connection, max_days=5)
    assert [(row.day, row.plan) for row in rows] == [(DAY, "ask"), (older, "ask")]
    assert list_thresholds(asked.connection, max_days=1) == rows[:1]
    assert read_threshold(asked.connection, older) == rows[1]
