"""Expected SQLs over the threshold, each with its interval: what the page of the threshold draws."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from leadops.thresholds.forecast import Forecast, Forecaster, fit_chances
from leadops.thresholds.gain_interval import draw_history, smooth_history
from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.threshold_settings import ThresholdSettings

Numbers = NDArray[np.float64]

#: Points of a curve; a screen shows no more of them apart.
MAX_POINTS = 60


@dataclass(frozen=True)
class CurvePoint:
    """What a threshold would bring in a week, and the interval of its expected SQLs."""

    forecast: Forecast
    low: float
    high: float
    keeps_promise: bool  # whether the SLA target can be promised to these leads


@dataclass(frozen=True)
class DrawnPasts:
    """Bootstrap draws of a past, which hold for every team, target and threshold.

    A row is a draw, a column one of `scores`.
    """

    scores: Numbers
    arrivals: Numbers  # leads of the window
    chances: Numbers  # the sum of theirs


def draw_pasts(history: ScoreHistory, *, settings: ThresholdSettings, seed: int) -> DrawnPasts:
    """Return `replicates` draws of the past: labels and leads are drawn and the chances fitted again in each.

    They come from the smoothed past, as those of the gain's interval do (leadops.thresholds.gain_interval).
    A draw without any label is left out.
    """
    dice = np.random.default_rng(seed)
    source, _ = smooth_history(history, settings)
    samples = [draw_history(source, dice) for _ in range(settings.replicates)]
    usable = [sample for sample in samples if sample.labelled.any()]
    return DrawnPasts(
        scores=history.arrival_scores,
        arrivals=np.array([sample.arrivals for sample in usable]),
        chances=np.array([sample.arrivals * fit_chances(sample, settings) for sample in usable]),
    )


def draw_curve(
    forecaster: Forecaster, pasts: DrawnPasts, thresholds: Numbers, target: float
) -> list[CurvePoint]:
    """Return a point for each of `thresholds`, for the team of `forecaster` and a `target` in minutes.

    The interval is the normal one of the draws' deviation, at `confidence` (Davison and Hinkley 1997, section
    5.2.1), never below 0. It is that of what to expect: a single week varies more.
    """
    over = (pasts.scores[:, np.newaxis] >= thresholds).astype(np.float64)
    sqls = forecaster.expect_sqls(pasts.arrivals @ over, pasts.chances @ over, target)
    far = NormalDist().inv_cdf((1 + forecaster.settings.confidence) / 2) * sqls.std(axis=0, ddof=1)
    points = []
    for threshold, distance in zip(thresholds.tolist(), far.tolist(), strict=True):
        forecast = forecaster.forecast(threshold, target)
        low, high = max(forecast.sqls - distance, 0.0), forecast.sqls + distance
        points.append(CurvePoint(forecast, low, high, forecaster.keeps_promise(forecast)))
    return points


def choose_thresholds(history: ScoreHistory, *, least: float, keep: tuple[float, ...]) -> Numbers:
    """Return the thresholds of a curve, rising: scores from `least` up, thinned, and those to `keep`."""
    scores = np.unique(history.arrival_scores[(history.arrivals > 0) & (history.arrival_scores >= least)])
    if len(scores) > MAX_POINTS:
        scores = scores[np.unique(np.linspace(0, len(scores) - 1, MAX_POINTS).round().astype(np.intp))]
    return np.union1d(scores, np.array(keep, dtype=np.float64))
