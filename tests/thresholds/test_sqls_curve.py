"""The curve of expected SQLs: its values are the forecasts, its interval is that of theory."""

from datetime import UTC, datetime
from statistics import NormalDist

import numpy as np
import pytest

from leadops.thresholds.forecast import Forecaster, fit_chances
from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.sqls_curve import MAX_POINTS, choose_thresholds, draw_curve, draw_pasts
from leadops.thresholds.threshold_settings import ThresholdSettings
from leadops.thresholds.waiting import ServicePool
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 6, 30, tzinfo=UTC)
#: Nobody ever waits.
QUICK = ServicePool(1.0, 1e9)


def form_history(rows: list[tuple[float, float, float, float]]) -> ScoreHistory:
    """Return a past of rows (score, labelled, of them SQLs, arrivals)."""
    score, labelled, became_sql, arrivals = np.array(rows, dtype=np.float64).T
    return ScoreHistory(NOW, score, labelled, became_sql, score, arrivals, None)


def form_forecaster(
    history: ScoreHistory, settings: ThresholdSettings, pool: ServicePool = QUICK
) -> Forecaster:
    return Forecaster(history, fit_chances(history, settings), pool, 5400.0, settings)


def test_the_interval_of_a_single_score_is_that_of_two_counts() -> None:
    """400 leads in four weeks, of 250 MQLs 50 became SQL: 400 / 4 x 0.2 = 20 SQLs a week.

    Arrivals are Poisson of 400, and the rate k / n of two Poisson counts of 50 and 200 varies by
    p (1 - p) / n. So the relative variance is 1/400 + 0.8 / 50, the deviation 20 x 0.1360 = 2.72, and the
    90 % interval 20 +- 1.645 x 2.72.
    """
    settings = change(SHIPPED.thresholds, replicates=4000)
    history = form_history([(60, 250, 50, 400)])
    pasts = draw_pasts(history, settings=settings, seed=1)
    (point,) = draw_curve(form_forecaster(history, settings), pasts, np.array([60.0]), 240)
    deviation = 20 * (1 / 400 + 0.8 / 50) ** 0.5
    far = NormalDist().inv_cdf(0.95) * deviation
    assert point.forecast.sqls == pytest.approx(20)
    assert point.low == pytest.approx(20 - far, abs=0.05 * far)
    assert point.high == pytest.approx(20 + far, abs=0.05 * far)


def test_each_point_is_the_forecast_of_its_threshold_and_no_interval_goes_below_nothing() -> None:
    settings = change(SHIPPED.thresholds, replicates=100)
    history = form_history([(50, 100, 1, 100), (60, 100, 5, 80), (70, 100, 20, 60), (80, 50, 25, 2)])
    forecaster = form_forecaster(history, settings, ServicePool(1.5, 1 / 100))
    thresholds = np.array([45.0, 50.0, 62.0, 80.0, 90.0])
    pasts = draw_pasts(history, settings=settings, seed=1)
    points = draw_curve(forecaster, pasts, thresholds, 60)
    assert [point.forecast for point in points] == [forecaster.forecast(score, 60) for score in thresholds]
    assert [point.forecast.leads for point in points] == [60.5, 60.5, 15.5, 0.5, 0]
    for point in points:
        assert 0 <= point.low <= point.forecast.sqls <= point.high
    assert points[3].low == 0, "two leads in four weeks may also be none"
    assert (points[4].low, points[4].forecast.sqls, points[4].high) == (0, 0, 0)
    assert [point.keeps_promise for point in points] == [
        forecaster.keeps_promise(point.forecast) for point in points
    ]
    assert points[0].keeps_promise != points[4].keeps_promise


def test_the_same_seed_draws_the_same_interval_for_every_team() -> None:
    settings = change(SHIPPED.thresholds, replicates=100)
    history = form_history([(60, 250, 50, 400), (70, 100, 60, 40)])
    pasts = [draw_pasts(history, settings=settings, seed=7) for _ in range(2)]
    np.testing.assert_equal(pasts[0].chances, pasts[1].chances)
    slow = form_forecaster(history, settings, ServicePool(1.0, 1 / 100))
    quick = form_forecaster(history, settings)
    for few, many in zip(
        draw_curve(slow, pasts[0], np.array([60.0]), 60),
        draw_curve(quick, pasts[0], np.array([60.0]), 60),
        strict=True,
    ):
        assert few.forecast.sqls < many.forecast.sqls


def test_thresholds_are_the_scores_of_leads_and_those_in_question() -> None:
    history = form_history([(40, 0, 0, 3), (50, 9, 1, 5), (60, 9, 2, 0), (70, 9, 3, 5)])
    assert choose_thresholds(history, least=45, keep=(62.0, 70.0)).tolist() == [50, 62, 70]
    many = form_history([(score, 1, 0, 1) for score in range(500)])
    chosen = choose_thresholds(many, least=0, keep=(123.0,))
    assert len(chosen) <= MAX_POINTS + 1
    assert {0.0, 123.0, 499.0} <= set(chosen.tolist())
    assert (np.diff(chosen) > 0).all()
