from statistics import NormalDist

import numpy as np
import pytest

from leadops.training.auc_interval import bound_auc, bound_auc_gain

SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.2, 0.1])
REACHED = np.array([1, 1, 0, 1, 1, 0, 0, 0], dtype=np.int8)


def test_by_hand() -> None:
    """Placements 1, 1, 3/4, 5/8 and 1/2, 7/8, 1, 1: variances 27/768 and 43/768, each over four leads."""
    found = bound_auc(SCORES, REACHED, confidence=0.95)
    assert found.value == 27 / 32
    error = np.sqrt((27 / 768 + 43 / 768) / 4)
    assert found.low == pytest.approx(27 / 32 - 1.959964 * error)
    assert found.high == 1


def test_the_level_is_the_one_that_was_asked_for() -> None:
    wide, narrow = (bound_auc(SCORES, REACHED, confidence=level) for level in (0.95, 0.5))
    assert (wide.value - wide.low) / (narrow.value - narrow.low) == pytest.approx(1.959964 / 0.674490)


def test_one_probability_for_all_ranks_nothing() -> None:
    assert bound_auc(np.full(8, 0.3), REACHED, confidence=0.95) == (0.5, 0.5, 0.5)


def test_one_kind_of_lead_says_nothing() -> None:
    assert bound_auc(SCORES, np.ones(8, np.int8), confidence=0.95) == (0.5, 0, 1)
    assert bound_auc_gain(SCORES, -SCORES, np.ones(8, np.int8), confidence=0.95) == (0, -1, 1)


@pytest.mark.parametrize(("leads", "is_sure"), [(2, False), (20, True)])
def test_a_few_leads_in_perfect_order_prove_nothing(leads: int, is_sure: bool) -> None:
    """Two and two leads are in perfect order by chance in one of six cases, 20 and 20 practically never."""
    reached = np.repeat([0, 1], leads).astype(np.int8)
    found = bound_auc(np.arange(2.0 * leads), reached, confidence=0.95)
    assert found.value == 1
    assert (found.low > 0.5) is is_sure


@pytest.mark.parametrize(("good", "bad", "distance"), [(60, 200, 0.0), (60, 200, 0.8), (30, 60, 1.2)])
def test_the_interval_holds_the_true_area_as_often_as_it_says(good: int, bad: int, distance: float) -> None:
    """Normal scores a `distance` of deviations apart: the true area is known, Φ(distance / √2)."""
    area = NormalDist().cdf(distance / np.sqrt(2))
    dice = np.random.default_rng(good)
    reached = np.repeat([1, 0], [good, bad]).astype(np.int8)
    held = 0
    for _ in range(600):
        found = bound_auc(dice.normal(size=good + bad) + distance * reached, reached, confidence=0.95)
        held += found.low <= area <= found.high
    assert 0.92 <= held / 600 <= 0.975


def test_the_error_of_a_difference_is_that_of_the_bootstrap() -> None:
    dice = np.random.default_rng(8)
    reached = np.repeat([1, 0], [100, 300]).astype(np.int8)
    common = dice.normal(size=400) + 1.0 * reached
    one, two = (common + dice.normal(scale=scale, size=400) for scale in (1.0, 0.5))
    found = bound_auc_gain(one, two, reached, confidence=0.95)
    gains = []
    for _ in range(800):
        rows = np.concatenate([dice.integers(0, 100, 100), dice.integers(100, 400, 300)])
        areas = [bound_auc(scores[rows], reached[rows], confidence=0.95).value for scores in (one, two)]
        gains.append(areas[1] - areas[0])
    assert (found.high - found.low) / 2 / 1.959964 == pytest.approx(np.std(gains), rel=0.1)
    assert found.value == pytest.approx((found.low + found.high) / 2)


def test_the_same_order_is_no_difference() -> None:
    assert bound_auc_gain(SCORES, np.exp(SCORES), REACHED, confidence=0.95) == (0, 0, 0)
