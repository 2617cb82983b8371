"""How sure a gain is: the same comparison on many samples of the past, drawn with a seed."""

from dataclasses import replace

import numpy as np

from leadops.thresholds.forecast import Forecaster, fit_chances
from leadops.thresholds.score_history import ScoreHistory


def bound_gain(
    forecaster: Forecaster, *, now: tuple[float, float], then: tuple[float, float], seed: int
) -> tuple[float, float]:
    """Return the interval of SQLs a week that `then` brings more than `now`, both (points, minutes).

    A bootstrap over leads: in each sample every lead counts as often as a Poisson draw with mean 1 says, MQLs
    with labels and leads of the window each for themselves, and the chances are fitted again. The pool is the
    same in all. Both ends are quantiles by the setting `confidence`.
    """
    settings, history = forecaster.settings, forecaster.history
    dice = np.random.default_rng(seed)
    gains = np.empty(settings.replicates)
    for number in range(settings.replicates):
        sample = _draw(history, dice)
        if not sample.labelled.any():
            gains[number] = 0.0
            continue
        drawn = replace(forecaster, history=sample, chances=fit_chances(sample, settings))
        gains[number] = drawn.forecast(*then).sqls - drawn.forecast(*now).sqls
    outside = (1 - settings.confidence) / 2
    low, high = np.quantile(gains, [outside, 1 - outside])
    return float(low), float(high)


def _draw(history: ScoreHistory, dice: np.random.Generator) -> ScoreHistory:
    became_sql = dice.poisson(history.became_sql).astype(np.float64)
    others = dice.poisson(history.labelled - history.became_sql)
    return replace(
        history,
        labelled=became_sql + others,
        became_sql=became_sql,
        arrivals=dice.poisson(history.arrivals).astype(np.float64),
    )
