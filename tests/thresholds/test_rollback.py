from dataclasses import replace
from datetime import date, timedelta

import pytest

from leadops.errors import PermanentError
from leadops.thresholds.active_threshold import read_active_threshold
from leadops.thresholds.rollback import evaluate_rollback, revert_last_change

from .conftest import DAY, Firm

CHANGED = DAY - timedelta(days=15)


def changed(firm: Firm, *, wait: float | None = 5, sqls: int = 10, days: int = 12) -> None:
    """50 MQLs of the days before the change, 10 of them SQLs; and 5 a day after it."""
    firm.decide(70, CHANGED)
    for number in range(1, 11):
        firm.mqls(60, leads=5, sqls=1, day=CHANGED - timedelta(days=number))
    for number in range(2, 2 + days):
        firm.mqls(
            80, leads=5, sqls=sqls if number == 2 else 0, day=CHANGED + timedelta(days=number), wait=wait
        )


def test_a_change_that_does_well_stays(firm: Firm) -> None:
    changed(firm, sqls=5)
    earlier = {"leads": 100, "sqls": 10, "sla_minutes": 240}
    firm.decide(70, CHANGED - timedelta(days=5), then=earlier)
    found = firm.evaluate_rollback(CHANGED + timedelta(days=14))
    assert (found.watches, found.reason) == (CHANGED, None)


def test_what_held_before_holds_again_when_leads_wait_too_long(firm: Firm) -> None:
    changed(firm, wait=None)
    found = firm.evaluate_rollback(CHANGED + timedelta(days=14))
    assert found.reason == "the median wait is without an end, it was 5 min"
    day, value, _, decided_by, _, _, reason = firm.rows()[-1]
    assert (day, value, decided_by) == (CHANGED + timedelta(days=14), None, "reverted")
    assert (
        reason == f"the change of {CHANGED} was rolled back: the median wait is without an end, it was 5 min"
    )


def test_one_bad_day_does_not_turn_it(firm: Firm) -> None:
    """On the eighth day the 30th lead waits too long; the day before there were too few to judge."""
    changed(firm, wait=None)
    assert firm.evaluate_rollback(CHANGED + timedelta(days=7)).reason is None
    assert firm.evaluate_rollback(CHANGED + timedelta(days=8)).reason


def test_it_is_taken_back_once(firm: Firm) -> None:
    changed(firm, wait=None)
    day = CHANGED + timedelta(days=14)
    assert firm.evaluate_rollback(day).reason
    assert firm.evaluate_rollback(day).reason is None
    assert firm.evaluate_rollback(day + timedelta(days=1)).watches is None
    assert [row[3] for row in firm.rows()] == ["automatic", "reverted"]


def test_a_day_that_was_decided_stays_as_it_is(firm: Firm) -> None:
    changed(firm, wait=None)
    day = CHANGED + timedelta(days=14)
    firm.evaluate_rollback(day)
    firm.history()
    firm.reps(1)
    assert not firm.propose(day).is_new
    assert firm.apply(day).decided_by == "reverted"


def test_after_that_changes_wait_for_a_human_for_a_while(firm: Firm) -> None:
    changed(firm, wait=None)
    firm.evaluate_rollback(CHANGED + timedelta(days=14))
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=40)
    firm.set(max_step=40, sla_minutes=[240])
    choice = firm.propose(CHANGED + timedelta(days=15)).choice
    assert choice.plan == "ask"
    assert choice.reason.startswith(f"a change was rolled back on {CHANGED + timedelta(days=14)}: ")


def test_it_judges_only_the_last_whole_day(firm: Firm) -> None:

    changed(firm, wait=None)
    day = CHANGED + timedelta(days=14)
    found = evaluate_rollback(
        firm.connection, day=day, context=firm.rules, now=firm.after(day + timedelta(days=1))
    )
    assert found.watches is None


def test_a_rate_of_sqls_that_fell_takes_it_back(firm: Firm) -> None:
    firm.decide(70, CHANGED)
    for number in range(1, 11):
        firm.mqls(60, leads=20, sqls=6, day=CHANGED - timedelta(days=number))
    for number in range(1, 8):
        firm.mqls(80, leads=20, sqls=2, day=CHANGED + timedelta(days=number))
    found = firm.evaluate_rollback(DAY)
    assert found.reason == "10.0% of the MQLs became SQL, 60.0% was expected"


def take_back(firm: Firm, *, hours: float = 3.5) -> date:
    return revert_last_change(
        firm.connection, context=firm.rules, reason="too many calls", by="taro", now=firm.after(hours=hours)
    )


@pytest.mark.parametrize(
    ("changed_on", "recorded_on"),
    [(DAY - timedelta(days=90), DAY), (DAY - timedelta(days=1), DAY), (DAY, DAY + timedelta(days=1))],
)
def test_a_human_takes_a_change_back_at_any_time(firm: Firm, changed_on: date, recorded_on: date) -> None:
    """A change of the last whole day has its row already; the reversal is the row of the day at hand."""
    firm.decide(70, changed_on)
    assert take_back(firm, hours=9) == changed_on
    day, value, sla_minutes, decided_by, *_, reason = firm.rows()[-1]
    assert (day, value, sla_minutes, decided_by) == (recorded_on, None, None, "reverted")
    assert reason == f"the change of {changed_on} was rolled back: too many calls (by taro)"
    rules = firm.rules
    active = read_active_threshold(
        firm.connection, contract=rules.kpi, policy=rules.sla, at=firm.after(hours=10)
    )
    assert active.value is None


def test_nothing_is_taken_back_twice(firm: Firm) -> None:
    with pytest.raises(PermanentError, match="no change of the threshold is active"):
        take_back(firm)
    firm.decide(70, DAY - timedelta(days=3))
    take_back(firm)
    with pytest.raises(PermanentError, match="no change of the threshold is active"):
        take_back(firm, hours=5)


def test_a_change_of_another_kpi_version_is_not_watched(firm: Firm) -> None:
    """The MQLs of the days before are those of another agreement: nothing can be held against them."""
    firm.decide(70, CHANGED - timedelta(days=3))
    for number in range(1, 11):
        firm.mqls(60, leads=20, sqls=6, day=CHANGED - timedelta(days=number))
    for number in range(1, 8):
        firm.mqls(80, leads=20, sqls=0, day=CHANGED + timedelta(days=number))
    version = firm.rules.kpi.versions[0]
    later = version.model_copy(update={"version": "2026-Q3", "effective_from": CHANGED})
    contract = firm.rules.kpi.model_copy(update={"versions": [version, later]})
    old, firm.rules = firm.rules, replace(firm.rules, kpi=contract)
    assert firm.evaluate_rollback(DAY).watches is None
    firm.decide(75, CHANGED)
    firm.connection.execute("update lifecycle.thresholds set kpi_version = '2026-Q3' where value = 75")
    firm.connection.execute(
        "update lifecycle.transitions set kpi_version = '2026-Q3' where occurred_at > %s",
        [firm.after(CHANGED, hours=0)],
    )
    firm.connection.commit()
    found = firm.evaluate_rollback(DAY)
    assert (found.watches, found.reason) == (CHANGED, None)
    # A kpi.yaml without the later version: its change applies to nobody, and the first is watched again.
    firm.rules = old
    assert firm.evaluate_rollback(DAY).watches == CHANGED - timedelta(days=3)


def test_a_second_revert_by_hand_takes_nothing_more_back(firm: Firm) -> None:
    firm.decide(70, DAY - timedelta(days=9))
    firm.decide(75, DAY - timedelta(days=3), before={"value": 70, "sla_minutes": None})
    assert take_back(firm) == DAY - timedelta(days=3)
    assert firm.rows()[-1][1] == 70
    with pytest.raises(PermanentError, match=r"the last decision, of 2026-06-30, already took a change back"):
        take_back(firm, hours=5)
