"""How sure the gain of the best pair is, given that it is the best of many on the same past."""

from dataclasses import replace
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from leadops.thresholds.active_threshold import ActiveThreshold
from leadops.thresholds.best_pair import find_pair
from leadops.thresholds.forecast import Forecast, Forecaster, fit_chances, smooth_chances
from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.threshold_settings import ThresholdSettings

Numbers = NDArray[np.float64]


class BoundedGain(NamedTuple):
    """SQLs a week that the best pair brings more than the active one, and the interval of the true gain."""

    gain: float  # corrected for the choice
    low: float
    high: float


def bound_gain(forecaster: Forecaster, active: ActiveThreshold, best: Forecast, *, seed: int) -> BoundedGain:
    """Return the gain of `best` over the active pair, and its interval by the setting `confidence`.

    `best` was chosen because it looks best on this past, so its gain looks larger than it is, by an error as
    `draw_errors` finds them.
    """
    shown = _measure_gain(forecaster, best, active)
    errors = draw_errors(forecaster, active, seed=seed)
    return bound_by_errors(shown, errors, confidence=forecaster.settings.confidence)


def bound_by_errors(shown: float, errors: Numbers, *, confidence: float) -> BoundedGain:
    """Return the gain that looks like `shown`, corrected, and its interval.

    The mean of `errors` is taken off (the optimism of Efron 1983), and the interval is the normal one of
    their deviation (Davison and Hinkley 1997, section 5.2.1). It covers the true gain as often as it says;
    intervals of the quantiles, which are skewed, do so less often.
    """
    gain = shown - float(errors.mean())
    far = NormalDist().inv_cdf((1 + confidence) / 2) * float(errors.std(ddof=1))
    return BoundedGain(gain, gain - far, gain + far)


def draw_errors(forecaster: Forecaster, active: ActiveThreshold, *, seed: int) -> Numbers:
    """Return by how much the gain of the best pair looks larger than it is, in SQLs a week, for each draw.

    The bootstrap repeats the whole procedure: it draws a past, fits the chances and chooses the best pair
    there. The error of a draw is the gain that it shows for its pair, minus the true gain of that pair where
    the draws come from.

    Draws come from the leads of the window and from the labelled MQLs, each a Poisson count by score, with
    chances that are smoothed: draws from the steps of an isotonic regression vary too little (Sen, Banerjee
    and Woodroofe 2010). The pool is the same in all.
    """
    settings, history = forecaster.settings, forecaster.history
    dice = np.random.default_rng(seed)
    smoothed, chances = smooth_history(history, settings)
    source = replace(forecaster, history=smoothed, chances=chances)
    errors = np.zeros(settings.replicates)
    for number in range(settings.replicates):
        sample = draw_history(source.history, dice)
        if not sample.labelled.any():
            continue
        drawn = replace(forecaster, history=sample, chances=fit_chances(sample, settings))
        pair = find_pair(drawn, active)[0]
        errors[number] = _measure_gain(drawn, pair, active) - _measure_gain(source, pair, active)
    return errors


def _measure_gain(forecaster: Forecaster, pair: Forecast, active: ActiveThreshold) -> float:
    """Return SQLs a week that `pair` brings more than the active pair, as `forecaster` sees it."""
    then = forecaster.forecast(pair.threshold, pair.sla_minutes)
    return then.sqls - forecaster.forecast(active.threshold, active.target).sqls


def smooth_history(history: ScoreHistory, settings: ThresholdSettings) -> tuple[ScoreHistory, Numbers]:
    """Return the past that draws come from, and the chances there of its arrivals."""
    labels, chances = smooth_chances(history, settings)
    return replace(history, became_sql=history.labelled * labels), chances


def draw_history(history: ScoreHistory, dice: np.random.Generator) -> ScoreHistory:
    """Return another past with the rates of `history`: each count is a Poisson draw."""
    became_sql = dice.poisson(history.became_sql).astype(np.float64)
    others = dice.poisson(history.labelled - history.became_sql)
    return replace(
        history,
        labelled=became_sql + others,
        became_sql=became_sql,
        arrivals=dice.poisson(history.arrivals).astype(np.float64),
    )
