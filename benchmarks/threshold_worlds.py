"""Companies whose true rates and chances are known, to hold a proposal against what comes true."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from leadops.lifecycle.kpi_contract import MqlRule
from leadops.thresholds.active_threshold import ActiveThreshold
from leadops.thresholds.capacity import Capacity
from leadops.thresholds.forecast import Forecaster
from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.threshold_settings import ThresholdSettings

#: Scores of these companies' leads.
SCORES = np.arange(40.0, 101.0)

#: Working minutes of a salesperson in the two weeks that are planned: ten days of nine hours.
WORKED = 5400.0

#: Windows of four weeks whose MQLs are mature.
WINDOWS = 12

TEAMS = (1, 2, 3, 5, 10, 20)


@dataclass(frozen=True)
class ThresholdWorld:
    """One company: what leadops sees of it, and how it really is."""

    history: ScoreHistory
    capacity: Capacity
    active: ActiveThreshold
    truth: Forecaster  # with the true rates and chances in place of what was seen


def make_threshold_world(seed: int, settings: ThresholdSettings) -> ThresholdWorld:
    """Return a company with 1 to 20 salespeople and 0.5 to 2.5 times the leads that they can handle.

    The chance to become SQL rises with the score, by a slope that may be 0. MQLs of a year show it at every
    score; all were contacted at once. The leads of the window are a Poisson draw with the true rates.
    """
    dice = np.random.default_rng(seed)
    salespeople = int(dice.choice(TEAMS))
    leads = salespeople * WORKED * settings.share_of_time / settings.handling_minutes
    capacity = Capacity(salespeople, salespeople * WORKED, WORKED, leads, 0.0)
    load = np.exp(dice.uniform(np.log(0.5), np.log(2.5)))
    weights = np.exp(-(SCORES - SCORES[0]) / dice.uniform(10, 40))
    rates = load * leads * settings.window_days / settings.horizon_days * weights / weights.sum()
    slope, base = dice.uniform(0, 0.09), dice.uniform(0.04, 0.2)
    chances = 1 / (1 + np.exp(-(np.log(base / (1 - base)) + slope * (SCORES - 60))))
    threshold, target = int(dice.choice([40, 45, 50, 60])), float(dice.choice([60, 120, 240]))
    labelled = dice.poisson(rates * WINDOWS)
    became_sql = dice.binomial(labelled, chances)
    arrivals = dice.poisson(rates)
    known, came = labelled > 0, (labelled > 0) & (arrivals > 0)
    history = ScoreHistory(
        until=datetime(2026, 6, 30, tzinfo=UTC),
        label_scores=SCORES[known],
        labelled=labelled[known].astype(float),
        became_sql=became_sql[known].astype(float),
        arrival_scores=SCORES[came],
        arrivals=arrivals[came].astype(float),
        responded=1.0,
    )
    pool = capacity.service_pool(settings)
    assert pool is not None
    truth = Forecaster(
        replace(history, arrival_scores=SCORES, arrivals=rates), chances, pool, WORKED, settings
    )
    rule = MqlRule.model_validate({"fit": 20, "behaviour": 20, "total": threshold})
    return ThresholdWorld(history, capacity, ActiveThreshold("v1", rule, threshold, target, target), truth)
