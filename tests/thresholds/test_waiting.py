import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.thresholds.threshold_settings import ResponseDecay
from leadops.thresholds.waiting import ServicePool, estimate_waiting, respond
from tests.promises import promise_examples

from .queue_played import play

RESPONSE = ResponseDecay(floor=0.2, half_life_minutes=120)


def look(rate, desk, target, response=RESPONSE, overdue_minutes=540):
    return estimate_waiting(rate, desk, target=target, response=response, overdue_minutes=overdue_minutes)


def test_half_of_what_waiting_takes_is_lost_after_each_half_life() -> None:
    assert respond(0, RESPONSE) == 1
    assert respond(120, RESPONSE) == pytest.approx(0.6)
    assert respond(240, RESPONSE) == pytest.approx(0.4)
    assert respond(1e9, RESPONSE) == pytest.approx(0.2)


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


def test_no_patience_loses_as_erlang_b_says() -> None:
    """Without patience it is the loss system: with 2 places and an offered load of 1.5, 9/29 are lost."""
    assert look(1.0, ServicePool(2, 2 / 1.5), 1e-9).overdue == pytest.approx(9 / 29, rel=1e-6)


def test_ten_times_too_much_is_worked_off_as_far_as_time_reaches() -> None:
    found = look(1.0, ServicePool(3, 0.1), 240)
    assert found.overdue == pytest.approx(0.9, abs=1e-6)
    assert found.worked == pytest.approx(0.1, abs=1e-6)
    assert found.minutes == pytest.approx(240, rel=0.06)
    assert np.isfinite(look(50.0, ServicePool(3, 0.1), 14_400).chance)


def test_capacity_that_just_suffices_is_no_special_case() -> None:
    rates = np.array([0.1 - 1e-7, 0.1, 0.1 + 1e-7])
    for values in look(rates, ServicePool(4, 0.1), 120):
        assert values[1] == pytest.approx(values[0], rel=1e-4)
        assert values[1] == pytest.approx(values[2], rel=1e-4)


@pytest.mark.parametrize(
    ("load", "places", "target"), [(0.5, 3, 60), (0.9, 2, 120), (1.0, 5, 240), (1.5, 3, 120), (3.0, 4, 30)]
)
def test_it_is_what_happens_when_the_desk_is_played(load: float, places: int, target: float) -> None:
    desk = ServicePool(places, places / 45)
    rate = load * desk.rate
    found = look(rate, desk, target)
    played = play(
        rate, desk, target=target, response=RESPONSE, overdue_minutes=540, leads=60_000, seed=int(load * 10)
    )
    assert found.at_once == pytest.approx(played.at_once, abs=0.02)
    assert found.overdue == pytest.approx(played.overdue, abs=0.015)
    assert found.minutes == pytest.approx(played.minutes, rel=0.06, abs=0.5)
    assert found.chance == pytest.approx(played.chance, abs=0.012)


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
