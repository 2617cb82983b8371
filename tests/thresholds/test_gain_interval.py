from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks.gain_coverage import collect_claims
from leadops.lifecycle.kpi_contract import MqlRule
from leadops.thresholds.active_threshold import ActiveThreshold
from leadops.thresholds.best_pair import find_pair
from leadops.thresholds.forecast import Forecaster, fit_chances
from leadops.thresholds.gain_interval import bound_by_errors, bound_gain, draw_errors
from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.waiting import ServicePool
from tests.shipped import SHIPPED, change

SETTINGS = change(SHIPPED.thresholds, replicates=100)
SCORES = np.arange(50.0, 80.0)
RULE = MqlRule.model_validate({"fit": 20, "behaviour": 20, "total": 50})
ACTIVE = ActiveThreshold("v1", RULE, 50, 240, 240)


def firm(chances: np.ndarray, *, a_score: int, rate: float) -> Forecaster:
    """Leads of 30 scores, ten times as many with labels, and a pool for `rate` leads a minute."""
    leads = np.full(30, float(a_score))
    history = ScoreHistory(
        datetime(2026, 6, 30, tzinfo=UTC), SCORES, 10 * leads, 10 * leads * chances, SCORES, leads, 1.0
    )
    return Forecaster(history, fit_chances(history, SETTINGS), ServicePool(4, rate), 5400, SETTINGS)


def test_the_interval_is_what_is_shown_less_the_errors() -> None:
    """Errors 3, 5 and 7: mean 5, deviation 2; 90 % of a normal lie within 1.6449 deviations."""
    bounded = bound_by_errors(20, np.array([3.0, 5.0, 7.0]), confidence=0.9)
    assert bounded == pytest.approx((15, 15 - 2 * 1.644854, 15 + 2 * 1.644854))


def test_where_everybody_is_contacted_nothing_can_be_gained() -> None:
    """There is time for all: letting in everybody is best in every draw."""
    forecaster = firm(np.full(30, 0.1), a_score=20, rate=1.0)
    best, _ = find_pair(forecaster, ACTIVE)
    assert bound_gain(forecaster, ACTIVE, best, seed=1) == pytest.approx((0, 0, 0))


def test_the_best_of_many_looks_better_than_it_is() -> None:
    """All leads are alike, and time is short: scores that look better in a draw are so by chance."""
    forecaster = firm(np.full(30, 0.1), a_score=4, rate=50 / 5400)
    now = forecaster.forecast(ACTIVE.threshold, ACTIVE.target)
    errors = draw_errors(forecaster, ACTIVE, seed=1)
    assert errors.mean() > 2 * errors.std() / len(errors) ** 0.5
    best, _ = find_pair(forecaster, ACTIVE)
    bounded = bound_gain(forecaster, ACTIVE, best, seed=1)
    assert bounded.gain == pytest.approx(best.sqls - now.sqls - errors.mean())
    assert bounded.low < 0 < bounded.high


def test_a_clear_gain_is_found_and_lies_in_its_interval() -> None:
    """Three times too many leads, and only high scores are worth the time."""
    forecaster = firm(np.where(SCORES < 70, 0.01, 0.4), a_score=20, rate=200 / 5400)
    now = forecaster.forecast(ACTIVE.threshold, ACTIVE.target)
    best, _ = find_pair(forecaster, ACTIVE)
    gain, low, high = bound_gain(forecaster, ACTIVE, best, seed=1)
    assert 0 < low < gain < high
    assert gain == pytest.approx(best.sqls - now.sqls, rel=0.1)


def test_more_data_narrows_the_interval_as_the_root_says() -> None:
    chances = np.linspace(0.05, 0.35, 30)
    widths = []
    for times in (1, 16):
        forecaster = firm(chances, a_score=10 * times, rate=times * 100 / 5400)
        forecaster = replace(forecaster, pool=ServicePool(20, times * 100 / 5400))
        now = forecaster.forecast(ACTIVE.threshold, ACTIVE.target)
        best, _ = find_pair(forecaster, ACTIVE)
        bounded = bound_gain(forecaster, ACTIVE, best, seed=2)
        widths.append((bounded.high - bounded.low) / now.sqls)
    assert 2.5 < widths[0] / widths[1] < 6.5, "sixteen times the data: about a quarter of the width"


def test_the_seed_decides_the_draws() -> None:
    forecaster = firm(np.linspace(0.05, 0.35, 30), a_score=20, rate=200 / 5400)
    one, same, other = (draw_errors(forecaster, ACTIVE, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_interval_holds_the_true_gain() -> None:
    """Of the whole study, `python -m benchmarks gain_coverage`, which has 200 companies.

    At 95 % fewer than 9 of 12 happen by chance once in some thousand times; the seeds are fixed.
    """
    claims = collect_claims(12, settings=SETTINGS)
    assert sum(claim.is_held(0.95) for claim in claims) >= 9
