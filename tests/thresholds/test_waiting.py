import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.desk import Absence, constant, exponential, play_desk
from leadops.thresholds.threshold_settings import ResponseDecay
from leadops.thresholds.waiting import ServicePool, estimate_waiting, respond
from tests.promises import promise_examples

RESPONSE = ResponseDecay(floor=0.2, half_life_minutes=120)


def look(rate, desk, target, response=RESPONSE, overdue_minutes=540):
    return estimate_waiting(rate, desk, target=target, response=response, overdue_minutes=overdue_minutes)


def test_half_of_what_waiting_takes_is_lost_after_each_half_life() -> None:
    assert respond(0, RESPONSE) == 1
    assert respond(120, RESPONSE) == pytest.approx(0.6)
    assert respond(240, RESPONSE) == pytest.approx(0.4)
    assert respond(1e9, RESPONSE) == pytest.approx(0.2)


@pytest.mark.parametrize("places", [2, 30, 400.5])
def test_many_people_with_next_to_nothing_to_do_answer_at_once(places: float) -> None:
    """The idle states of 400 people and a lead in a million years are a number beyond every float."""
    found = look(np.array([1e-12, 1e-300]), ServicePool(places, 0.02 * places), 60)
    for part, expected in zip(found, (1, 0, 1, 0, 1), strict=True):
        assert part == pytest.approx(expected, abs=1e-9)


def test_one_salesperson_with_endless_patience_is_the_queue_of_the_textbook() -> None:
    """M/M/1, one lead in 100 minutes, 50 minutes of work: half do not wait, the mean wait is 50 minutes."""
    found = look(0.01, ServicePool(1, 0.02), 1e5)
    assert found.at_once == pytest.approx(0.5)
    assert found.minutes == pytest.approx(50, rel=1e-6)
    assert found.overdue == pytest.approx(0, abs=1e-12)
    # Waits beyond 0 are exponential with rate 0.01: E[2^(-w/120)] = 0.01 / (0.01 + ln 2 / 120).
    decay = math.log(2) / 120
    assert found.chance == pytest.approx(0.2 + 0.8 * (0.5 + 0.5 * 0.01 / (0.01 + decay)))


def test_erlang_c() -> None:
    """Two at once, one lead a minute, each works off one lead in 1.5 minutes: P(wait) is 9/14."""
    found = look(1.0, ServicePool(2, 2 / 1.5), 1e4)
    assert 1 - found.at_once == pytest.approx(9 / 14)
    assert found.minutes == pytest.approx(9 / 14 / (2 / 1.5 - 1))


def test_without_patience_whoever_finds_nobody_free_is_overdue() -> None:
    """Erlang C again: overdue leads are worked off too, so somebody is free as often as without a target."""
    assert look(1.0, ServicePool(2, 2 / 1.5), 1e-9).overdue == pytest.approx(9 / 14, rel=1e-6)


def test_the_target_does_not_change_how_often_somebody_is_free() -> None:
    """Nobody is idle while a lead waits, fresh or overdue: one salesperson is busy as the load says."""
    for target in (1, 30, 240, 5_000):
        assert look(0.009, ServicePool(1, 0.01), target).at_once == pytest.approx(0.1)


def test_one_salesperson_by_hand() -> None:
    """Load 1/2, handling 100 minutes, target 100: e^(−1/2) = 0.60653 of the busy time is before the target.

    A cycle has 200 × (1 − 0.60653) = 78.694 minutes before the target and 60.653 beyond; in it 0.30327 leads
    become overdue. Busy half of the time: overdue 0.5 × 60.653 / (78.694 + 60.653).
    """
    found = look(0.005, ServicePool(1, 0.01), 100)
    assert found.overdue == pytest.approx(0.5 * 60.653 / 139.347, abs=1e-5)
    assert found.worked == 1


@pytest.mark.parametrize(
    ("places", "load", "target", "overdue"),
    # Found by somebody else's simulation of a desk that finishes what it began.
    [(1, 0.9, 60, 0.374), (1, 0.67, 30, 0.389), (5, 0.9, 30, 0.157)],
)
def test_known_values(places: int, load: float, target: float, overdue: float) -> None:
    desk = ServicePool(places, places / 45)
    assert look(load * desk.rate, desk, target).overdue == pytest.approx(overdue, abs=0.006)


def test_ten_times_too_much_is_worked_off_as_far_as_time_reaches() -> None:
    found = look(1.0, ServicePool(3, 0.1), 240)
    assert found.overdue == pytest.approx(0.9, abs=1e-6)
    assert found.worked == pytest.approx(0.1, abs=1e-6)
    assert found.minutes == pytest.approx(240, rel=0.06)
    assert np.isfinite(look(50.0, ServicePool(3, 0.1), 14_400).chance)


def test_capacity_that_just_suffices_is_no_special_case() -> None:
    rates = np.array([0.1 - 1e-7, 0.1, 0.1 + 1e-7])
    for values in look(rates, ServicePool(4, 0.1), 120):
        assert values[1] == pytest.approx(values[0], rel=1e-4, abs=1e-5)
        assert values[1] == pytest.approx(values[2], rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    ("places", "load", "target"),
    [
        (1, 0.5, 30),
        (1, 0.8, 240),
        (2, 0.8, 60),
        (3, 1.0, 120),
        (3, 1.5, 120),
        (5, 0.9, 30),
        (10, 0.8, 30),
        (20, 0.8, 30),
        (20, 3.0, 60),
    ],
)
def test_it_is_what_happens_when_the_desk_is_played(places: int, load: float, target: float) -> None:
    """The whole grid is in `python -m benchmarks promise`."""
    desk = ServicePool(places, places / 45)
    found = look(load * desk.rate, desk, target)
    played = play_desk(
        salespeople=places,
        handling=exponential(45),
        rate=load * desk.rate,
        target=target,
        leads=42_000,
        warm_up=2_000,
        seed=places,
    )
    waits = np.array(played.waits)
    in_time = waits[waits <= target]
    late = (len(waits) - len(in_time)) / played.leads
    chance = respond(in_time, RESPONSE).sum() / played.leads + late * respond(target + 540, RESPONSE)
    minutes = (in_time.sum() + target * (played.leads - len(in_time))) / played.leads
    assert found.overdue == pytest.approx(played.share_overdue(target), abs=0.02)
    assert found.at_once == pytest.approx((waits == 0).sum() / played.leads, abs=0.05)
    assert found.worked == pytest.approx(len(waits) / played.leads, abs=0.02)
    assert found.minutes == pytest.approx(minutes, rel=0.06, abs=0.5)
    assert found.chance == pytest.approx(chance, abs=0.015)


def test_handling_times_that_are_all_alike_keep_more_than_is_promised() -> None:
    """Exponential times are the cautious assumption, unless handling times vary by more than their mean."""
    desk = ServicePool(2, 2 / 45)
    promised = look(0.9 * desk.rate, desk, 60).overdue
    kept = play_desk(
        salespeople=2, handling=constant(45), rate=0.9 * desk.rate, target=60, leads=20_000, seed=1
    )
    assert kept.share_overdue(60) < promised - 0.05


@settings(max_examples=promise_examples(100), deadline=None)
@given(
    places=st.integers(1, 40),
    rate=st.floats(1e-4, 10),
    target=st.floats(1, 5_000),
    half_life=st.floats(1, 5_000),
    floor=st.floats(0, 0.9),
)
def test_more_leads_wait_longer_and_are_worth_less_each(places, rate, target, half_life, floor) -> None:
    loads = np.linspace(0.01, 5, 400) * rate
    found = look(
        loads, ServicePool(places, rate), target, ResponseDecay(floor=floor, half_life_minutes=half_life)
    )
    for part in (found.at_once, found.overdue, found.worked, found.chance):
        assert np.all((part > -1e-9) & (part < 1 + 1e-9))
    assert np.all(np.diff(found.minutes) >= -1e-6)
    assert np.all(np.diff(found.chance) <= 1e-9)
    assert np.all(found.minutes <= target * (1 + 1e-6))


def test_somebody_who_is_away_half_of_the_time_helps_half_of_the_time() -> None:
    """1.5 places, 1.5 leads in 45 minutes: half of the time one place for 1 lead, half two for 2."""
    rate = 0.8 * 1.5 / 45
    found = look(rate, ServicePool(1.5, 1.5 / 45), 60)
    alone, together = (look(rate, ServicePool(places, places / 45), 60) for places in (1, 2))
    assert found.overdue == pytest.approx((alone.overdue + together.overdue) / 2)
    assert found.at_once == pytest.approx((alone.at_once + together.at_once) / 2)
    assert found.minutes == pytest.approx((alone.minutes + together.minutes) / 2)
    assert alone.worked < 1 == pytest.approx(found.worked), "what one leaves, both work off later"


@pytest.mark.parametrize(("load", "target"), [(0.5, 60), (0.7, 60), (0.7, 240), (0.9, 240)])
def test_a_desk_with_somebody_away_every_second_week(load: float, target: float) -> None:
    """Weeks of 2,700 minutes: what the week before left is still there, so the promise is not exact."""
    rate = load * 1.5 / 90
    promised = 1 - look(rate, ServicePool(1.5, 1.5 / 90), target).overdue
    played = play_desk(
        salespeople=2,
        away=Absence(1, 2_700),
        handling=exponential(90),
        rate=rate,
        target=target,
        leads=30_000,
        seed=3,
    )
    assert promised == pytest.approx(1 - played.share_overdue(target), abs=0.04)
