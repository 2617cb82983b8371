"""Many nights in a small company: what is bad goes, what is good stays, and what is far away comes nearer.

Written from the words of docs/thresholds.md. The world knows the true rate of SQLs of each pair of values,
the code sees only MQLs, SQLs and waits.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest

from leadops.thresholds.active_threshold import read_active_threshold
from leadops.thresholds.apply_threshold import ask_human, record_answer
from leadops.thresholds.rollback import revert_last_change

from .conftest import DAY, Firm

Pair = tuple[int | None, float | None]
#: What a change is to bring: nothing that the rate of SQLs would show.
SAME = {"now": {"leads": 100, "sqls": 40}, "then": {"leads": 100, "sqls": 40, "sla_minutes": 240}}
FIRST = DAY - timedelta(days=60)


def active(firm: Firm, night: int, hours: float = 20) -> Pair:
    rules = firm.rules
    held = read_active_threshold(
        firm.connection,
        contract=rules.kpi,
        policy=rules.sla,
        at=firm.after(FIRST + timedelta(days=night), hours=hours),
    )
    return held.value, held.sla_minutes


def change(firm: Firm, night: int, value: int | None, sla: float | None = None) -> None:
    before = dict(zip(("value", "sla_minutes"), active(firm, night, hours=0), strict=True))
    firm.decide(value, FIRST + timedelta(days=night), sla=sla, before=before, **SAME)


def live(
    firm: Firm,
    nights: int,
    changes: dict[int, Pair],
    rate: Callable[[Pair], float],
    *,
    leads: int,
    wait: Callable[[Pair], float] = lambda pair: 5,
) -> list[Pair]:
    """Let 15 days and then `nights` pass; return what was active after each of the nights.

    `changes` are made by the night, until something is reverted. SQLs come as exactly as whole numbers can.
    """
    firm.decide(70, FIRST - timedelta(days=90))
    owed, held, history, is_reverted = 0.0, (70, None), [], False
    for night in range(-15, nights):
        day = FIRST + timedelta(days=night)
        owed += leads * rate(held)
        firm.mqls(80, leads=leads, sqls=int(owed), day=day, wait=wait(held))
        owed -= int(owed)
        if night < 0:
            continue
        is_reverted = firm.evaluate_rollback(day).reason is not None or is_reverted
        if night in changes and not is_reverted:
            change(firm, night, *changes[night])
        held = active(firm, night)
        history.append(held)
    return history


@pytest.mark.parametrize(("gap", "leads"), [(3, 5), (3, 12), (6, 12), (10, 5), (10, 20)])
def test_a_bad_change_goes_although_a_harmless_one_follows(firm: Firm, gap: int, leads: int) -> None:
    history = live(
        firm,
        28,
        {0: (75, None), gap: (76, None)},
        lambda pair: 0.4 if pair[0] == 70 else 0.1,
        leads=leads,
    )
    assert history[0] == (75, None)
    assert history[-1] == (70, None), history
    # Thirty leads that are seven days old, at the end of two days.
    assert history[max(gap, 9) + -(-30 // leads)] == (70, None)


@pytest.mark.parametrize("gap", [6, 10])
def test_a_harmless_change_stays_where_the_next_one_is_bad(firm: Firm, gap: int) -> None:
    history = live(
        firm,
        gap + 28,
        {0: (75, None), gap: (80, None)},
        lambda pair: 0.1 if pair[0] == 80 else 0.4,
        leads=12,
    )
    assert history[-1] == (75, None), history


def test_changes_too_close_to_tell_apart_go_together(firm: Firm) -> None:
    """Two days of 12 leads lie between: nobody can say which of the two it was."""
    history = live(
        firm, 28, {0: (75, None), 2: (80, None)}, lambda pair: 0.1 if pair[0] == 80 else 0.4, leads=12
    )
    assert history[-1] == (70, None), history


def test_an_sla_target_that_followed_a_bad_threshold_stays(firm: Firm) -> None:
    history = live(
        firm,
        28,
        {0: (75, None), 6: (75, 120)},
        lambda pair: 0.4 if pair[0] == 70 else 0.1,
        leads=12,
    )
    assert history[-1] == (70, 120), history


def test_a_short_target_that_makes_leads_wait_goes_alone(firm: Firm) -> None:
    history = live(
        firm,
        28,
        {0: (75, None), 6: (75, 120)},
        lambda pair: 0.4,
        leads=12,
        wait=lambda pair: 600 if pair[1] == 120 else 5,
    )
    assert history[-1] == (75, None), history


def test_a_change_that_a_human_made_up_for_is_left_alone(firm: Firm) -> None:
    """The first change was bad, but what was active before it is active again."""
    live(firm, 20, {0: (75, None), 6: (70, None)}, lambda pair: 0.1 if pair[0] == 75 else 0.4, leads=12)
    assert [row[1:4] for row in firm.rows()] == [
        (70, None, "automatic"),
        (75, None, "automatic"),
        (70, None, "automatic"),
    ]


def test_the_first_change_is_still_watched_after_a_human_reverted_the_second(firm: Firm) -> None:
    """Between both changes there are 20 leads; those since the reversal count for the first change again."""
    firm.decide(70, FIRST - timedelta(days=90))
    for night in range(-15, 25):
        day = FIRST + timedelta(days=night)
        firm.mqls(80, leads=10, sqls=1 if night > 0 else 4, day=day)
        if night == 4:
            revert_last_change(firm.connection, context=firm.rules, reason="", by="taro", now=firm.after(day))
        elif night >= 0:
            firm.evaluate_rollback(day)
        if night in (0, 2):
            change(firm, night, 75 if night == 0 else 76)
        if night == 5:
            assert active(firm, night) == (75, None)
    assert active(firm, 24) == (70, None)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_bad_does_not_stay(firm: Firm, seed: int) -> None:
    """Two or three changes at random nights, one of them bad: it is gone at the end.

    What was there before it may go too only if the figures cannot tell: too few leads lie between.
    """
    dice = Random(seed)
    leads = dice.choice([5, 9, 15])
    nights = sorted(dice.sample(range(14), dice.choice([2, 3])))
    bad = dice.randrange(len(nights))
    values = [75, 78, 81][: len(nights)]
    history = live(
        firm,
        nights[-1] + 28,
        {night: (value, None) for night, value in zip(nights, values, strict=True)},
        lambda pair: 0.1 if (pair[0] or 0) >= values[bad] else 0.4,
        leads=leads,
    )
    end = history[-1][0]
    assert end is not None
    assert end < values[bad], history
    if all(leads * (later - night) >= 60 for night, later in pairwise(nights)):
        assert end == [70, *values][bad], history


def test_what_is_far_away_is_asked_once_and_comes_nearer(firm: Firm) -> None:
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=40)
    firm.set(sla_minutes=[240])
    asked, steps = [], []
    for night in range(8):
        day = DAY + timedelta(days=night)
        firm.evaluate_rollback(day)
        choice = firm.propose(day).choice
        if ask_human(firm.connection, day=day, now=firm.after(day)):
            asked.append(night)
            record_answer(firm.connection, day=day, answer="unanswered")
        firm.connection.commit()
        row = firm.apply(day)
        if row.effective_at:
            steps.append((night, row.decided_by, row.value))
            assert choice.facts["best"]["threshold"] > choice.then.threshold
    assert asked == [0]
    assert steps == [(1, "automatic", 65)], "the next one when this one has been watched"
    assert firm.rows()[-1][-1].startswith(f"the change of {DAY + timedelta(days=1)} is watched until ")


def test_the_whole_is_approved_on_a_later_day(firm: Firm) -> None:
    """A change is watched, a step by itself cannot follow; the human who was asked before can."""
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=40)
    firm.set(sla_minutes=[240])
    for night in range(3):
        firm.propose(DAY + timedelta(days=night))
        firm.apply(DAY + timedelta(days=night))
    last = DAY + timedelta(days=2)
    assert firm.rows()[-1][3:5] == ("kept", "keep")
    assert record_answer(firm.connection, day=last, answer="approved")
    firm.connection.commit()
    row = firm.apply(last)
    assert (row.decided_by, row.value) == ("approved", row.proposed_value)
    assert row.value is not None
    assert row.value > 65


def test_a_step_by_itself_does_not_follow_a_change_that_was_made_meanwhile(firm: Firm) -> None:
    """The proposal is of the night, the change of the morning after: the same values, but watched."""
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=40)
    firm.set(sla_minutes=[240], max_step=40)
    assert firm.propose().choice.plan == "apply"
    firm.decide(None, DAY - timedelta(days=1))
    row = firm.apply(now=firm.after(hours=5))
    assert row.effective_at is None
    assert row.reason.startswith(f"the change of {DAY - timedelta(days=1)} is watched until 2026-07-28, ")
