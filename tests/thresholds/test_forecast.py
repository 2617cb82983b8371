from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from benchmarks.promise import find_proposals
from leadops.thresholds.forecast import Forecaster, fit_chances, smooth_chances
from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.waiting import ServicePool, estimate_waiting
from tests.promises import promise_examples
from tests.shipped import SHIPPED, change

SETTINGS = SHIPPED.thresholds
SCORES = np.arange(1.0, 101.0)
OPEN_MINUTES = 5400.0


def forecaster(confidence: float) -> Forecaster:
    """One lead of each score from 1 to 100 in four weeks, all alike; one person, 100 minutes for each."""
    settings = change(SETTINGS, service_confidence=confidence)
    ones = np.ones(100)
    history = ScoreHistory(datetime(2026, 6, 30, tzinfo=UTC), SCORES, ones, ones, SCORES, ones, 1.0)
    return Forecaster(history, np.full(100, 0.1), ServicePool(1, 1 / 100), OPEN_MINUTES, settings)


def in_time(leads: float, target: float) -> float:
    """The share of `leads` in 28 days, of which 14 have 5400 minutes of work."""
    waiting = estimate_waiting(
        leads / 2 / OPEN_MINUTES,
        ServicePool(1, 1 / 100),
        target=target,
        response=SETTINGS.response,
        overdue_minutes=SETTINGS.overdue_minutes,
    )
    return 1 - float(waiting.overdue)


@pytest.mark.parametrize(("confidence", "deviations"), [(0.5, 0.0), (0.8, 0.841621), (0.95, 1.644854)])
def test_a_promise_holds_for_the_upper_bound_of_the_leads(confidence: float, deviations: float) -> None:
    """More leads are worth more SQLs here, so the best threshold lets in as many as the promise allows."""
    best = forecaster(confidence).search(240, least=0)
    assert best is not None
    assert best.leads == 101 - best.score
    assert in_time(best.leads + deviations * best.leads**0.5, 240) >= 0.8
    assert in_time(best.leads + 1 + deviations * (best.leads + 1) ** 0.5, 240) < 0.8


def test_where_nothing_can_be_promised_the_best_without_a_promise_is_left() -> None:
    """A target of a minute: even one lead in four weeks is at times in the way of the next."""
    strict = forecaster(0.8)
    strict = Forecaster(
        strict.history,
        strict.chances,
        ServicePool(1, 1 / 90_000),
        OPEN_MINUTES,
        change(SETTINGS, service_level=0.99),
    )
    assert strict.search(1, least=0) is None
    assert strict.search(1, least=0, keep_promise=False) is not None


def test_proposals_keep_what_they_promise() -> None:
    """Of the whole study, `python -m benchmarks promise`, which has 40 companies and longer-lived desks.

    A proposal knows only the leads of four weeks; the desk gets the true number. So a single promise may be
    off by the noise of that number, and all together may not.
    """
    proposals = find_proposals(12, leads=8_000)
    excess = np.array([proposal.promised - proposal.reached for proposal in proposals])
    assert abs(excess.mean()) < 0.02
    assert excess.max() < 0.06
    assert min(proposal.reached for proposal in proposals) > 0.75


def labels(became_sql: list[float], labelled: list[float], scores: list[float]) -> ScoreHistory:
    rows = np.array(scores)
    return ScoreHistory(
        datetime(2026, 6, 30, tzinfo=UTC), rows, np.array(labelled), np.array(became_sql), rows, rows, 1.0
    )


@examples(max_examples=promise_examples(60))
@given(
    rows=st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1)), min_size=1, max_size=40),
    arrivals=st.lists(st.integers(20, 110), min_size=1, max_size=20),
)
def test_the_chances_are_scikit_learns_isotonic_regression(rows, arrivals) -> None:
    labelled = np.array([leads for leads, _ in rows], dtype=float)
    became_sql = np.array([round(leads * share) for leads, share in rows], dtype=float)
    scores = np.arange(40.0, 40 + 2 * len(rows), 2)
    where = np.array(sorted(arrivals), dtype=float)
    history = ScoreHistory(
        datetime(2026, 6, 30, tzinfo=UTC), scores, labelled, became_sql, where, np.ones(len(where)), 0.8
    )
    curve = IsotonicRegression(out_of_bounds="clip").fit(scores, became_sql / labelled, labelled)
    expected = curve.predict(where) * np.where(where < 40, SETTINGS.below, 1) / 0.8
    assert fit_chances(history, SETTINGS) == pytest.approx(np.minimum(expected, 1))


def test_smoothing_by_hand() -> None:
    """Scores 0 and 10, 16 leads each, half and three quarters of them SQLs.

    Deviation 5, 32 leads: a bandwidth of 1.06 × 5 × 32^(−1/5) = 2.65; the other weighs exp(−(10/2.65)²/2).
    """
    smooth, arrivals = smooth_chances(labels([8, 12], [16, 16], [0, 10]), SETTINGS)
    other = np.exp(-((10 / 2.65) ** 2) / 2)
    assert smooth == pytest.approx([(0.5 + 0.75 * other) / (1 + other), (0.75 + 0.5 * other) / (1 + other)])
    assert arrivals == pytest.approx(smooth)


def test_one_score_is_its_own_rate() -> None:
    smooth, arrivals = smooth_chances(labels([3], [12], [60]), SETTINGS)
    assert (smooth.tolist(), arrivals.tolist()) == ([0.25], [0.25])


def test_smoothed_chances_do_not_fall() -> None:
    dice = np.random.default_rng(4)
    labelled = dice.integers(1, 60, 50).astype(float)
    became_sql = dice.binomial(labelled.astype(int), np.linspace(0.05, 0.4, 50)).astype(float)
    smooth, _ = smooth_chances(labels(list(became_sql), list(labelled), list(range(50))), SETTINGS)
    assert np.all(np.diff(smooth) >= -1e-12)
    assert smooth @ labelled == pytest.approx(became_sql.sum(), rel=0.05)
