"""What a threshold and an SLA target would bring: leads, waiting, SQLs a week."""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.threshold_search import BestThreshold, find_best
from leadops.thresholds.threshold_settings import ThresholdSettings
from leadops.thresholds.waiting import ServicePool, WaitingEstimate, estimate_waiting

Numbers = NDArray[np.float64]

#: Leads of a window where none comes: the formulas of waiting divide by them.
FEWEST = 1e-9


@dataclass(frozen=True)
class Forecast:
    """What to expect in a week; times are minutes of working time."""

    threshold: float  # points
    sla_minutes: float
    leads: float
    sqls: float
    in_time: float  # part of the leads that is contacted within the target
    worked: float  # part of the leads that is contacted at all
    wait_minutes: float  # mean, cut off at the target

    def facts(self) -> dict[str, float]:
        """Return it as JSON, rounded to what can be meant."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def fit_chances(history: ScoreHistory, settings: ThresholdSettings) -> Numbers:
    """Return for each row of arrivals the chance to become SQL of a lead that is contacted at once.

    Isotonic regression over the labels: it never falls as the score rises, so noise between neighbours is
    levelled out. Below the lowest score with a label the chance is `below` of the lowest known one. Where it
    is known how soon leads were contacted, what waiting cost them is put back.
    """
    known = history.labelled > 0
    steps = _fit_steps(history.became_sql[known], history.labelled[known])
    curve = np.interp(history.arrival_scores, history.label_scores[known], steps)
    return _correct(curve, history, settings)


def smooth_chances(history: ScoreHistory, settings: ThresholdSettings) -> tuple[Numbers, Numbers]:
    """Return the share of the labelled leads that becomes SQL, and what `fit_chances` says, both smoothed.

    The steps of the isotonic regression are smoothed by a normal kernel over the labelled leads. Its
    bandwidth is Silverman's (1986): 1.06 deviations of the labelled scores times leads^(-1/5).
    """
    scores, leads = history.label_scores, history.labelled
    steps = _fit_steps(history.became_sql, leads)
    mean = np.average(scores, weights=leads)
    width = 1.06 * np.sqrt(np.average((scores - mean) ** 2, weights=leads)) * leads.sum() ** -0.2
    if width == 0:
        return steps, _correct(np.interp(history.arrival_scores, scores, steps), history, settings)
    kernel = leads * np.exp(-0.5 * ((scores[:, np.newaxis] - scores) / width) ** 2)
    smooth = kernel @ steps / kernel.sum(axis=1)
    return smooth, _correct(np.interp(history.arrival_scores, scores, smooth), history, settings)


def _fit_steps(became_sql: Numbers, leads: Numbers) -> Numbers:
    """Return the isotonic regression of the rates of rows with `leads`, by rising score."""
    from scipy.optimize import isotonic_regression

    steps: Numbers = isotonic_regression(became_sql / leads, weights=leads).x
    return steps


def _correct(curve: Numbers, history: ScoreHistory, settings: ThresholdSettings) -> Numbers:
    """Return the chances of arrivals: lower where no label is known, and without the loss by waiting."""
    lowest = history.label_scores[history.labelled > 0].min()
    chances = np.where(history.arrival_scores < lowest, settings.below * curve, curve)
    return np.minimum(chances / (history.responded or 1.0), 1.0)


@dataclass(frozen=True)
class Forecaster:
    """Leads of a window by score, their chances, and the pool they come to."""

    history: ScoreHistory
    chances: Numbers
    pool: ServicePool
    open_minutes: float  # in which somebody works, over the horizon
    settings: ThresholdSettings

    def _wait(self, leads: Any, target: float) -> WaitingEstimate:
        a_day = np.asarray(leads) / self.settings.window_days
        return estimate_waiting(
            a_day * self.settings.horizon_days / self.open_minutes,
            self.pool,
            target=target,
            response=self.settings.response,
            overdue_minutes=self.settings.overdue_minutes,
        )

    def _is_kept(self, leads: Numbers, target: float) -> NDArray[np.bool_]:
        """Say whether `target` can be promised to `leads` of the window.

        They are a Poisson draw: the promise must hold for their upper bound too.
        """
        margin = NormalDist().inv_cdf(self.settings.service_confidence)
        overdue = self._wait(leads + margin * np.sqrt(leads), target).overdue
        kept: NDArray[np.bool_] = np.asarray(1 - overdue >= self.settings.service_level)
        return kept

    def keeps_promise(self, pair: Forecast) -> bool:
        """Say whether the target of `pair` can be promised, as `search` does."""
        leads = np.asarray(max(pair.leads * self.settings.window_days / 7, FEWEST))
        return bool(self._is_kept(leads, pair.sla_minutes))

    def lowest_tried(self, present: float) -> float:
        """Return the lowest threshold to look at: `extrapolate_points` below labels and the `present` one."""
        lowest = float(self.history.label_scores[self.history.labelled > 0].min())
        return min(lowest, present) - self.settings.extrapolate_points

    def expect_sqls(self, leads: Numbers, chances: Numbers, target: float) -> Numbers:
        """Return SQLs a week for `leads` of the window over a threshold, whose `chances` are a sum."""
        weeks = self.settings.window_days / 7
        sqls: Numbers = chances * self._wait(np.maximum(leads, FEWEST), target).chance / weeks
        return sqls

    def search(self, target: float, *, least: float, keep_promise: bool = True) -> BestThreshold | None:
        """Return the best threshold from `least` points up; None where no threshold keeps the target.

        With `keep_promise` the target is kept if `service_level` of the leads are in time, with the certainty
        of `service_confidence`.
        """
        usable = (self.history.arrival_scores >= least) & (self.history.arrivals > 0)
        if not usable.any():
            return None

        def count_sqls(leads: Numbers, chances: Numbers) -> Numbers:
            sqls: Numbers = chances * self._wait(leads, target).chance
            if not keep_promise:
                return sqls
            return np.where(self._is_kept(leads, target), sqls, -1.0)

        best = find_best(
            self.history.arrival_scores[usable],
            self.chances[usable],
            count_sqls,
            leads=self.history.arrivals[usable],
        )
        return best if best.value >= 0 else None

    def forecast(self, threshold: float, target: float) -> Forecast:
        """Return what `threshold` (points) and `target` (minutes) would bring."""
        over = self.history.arrival_scores >= threshold
        leads = float(self.history.arrivals[over].sum())
        chances = float((self.chances * self.history.arrivals)[over].sum())
        found = self._wait(max(leads, FEWEST), target)
        weeks = self.settings.window_days / 7
        return Forecast(
            threshold,
            target,
            leads / weeks,
            chances * float(found.chance) / weeks,
            1 - float(found.overdue),
            float(found.worked),
            float(found.minutes),
        )
