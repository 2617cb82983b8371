"""The best of all scores of 1,000,000 leads, beside scikit-learn's tuned threshold on a grid of 100."""

import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV

from benchmarks.figures import Figure, Measured
from leadops.thresholds.threshold_search import BestThreshold, find_best
from leadops.thresholds.threshold_settings import ResponseDecay
from leadops.thresholds.waiting import ServicePool, estimate_waiting

REPETITIONS = 5

Numbers = NDArray[np.float64]


class Leads(NamedTuple):
    """Leads with scores that are all different, and whether each became SQL."""

    scores: Numbers
    became_sql: NDArray[np.int64]


class ScoreClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that is fitted already: its probability is the score itself."""

    def __init__(self) -> None:
        self.classes_ = np.array([0, 1])

    def fit(self, leads: Any, labels: Any) -> "ScoreClassifier":  # noqa: ARG002
        """Do nothing: the scores are there."""
        return self

    def predict_proba(self, leads: Numbers) -> Numbers:
        """Return the score as the probability."""
        return np.column_stack([1 - leads[:, 0], leads[:, 0]])


def measure_threshold_search(*, quick: bool) -> Measured:
    """Time both over the same leads and the same objective, in turn; medians and their ratio.

    Fails unless the score that was found is worth at least what the grid found, and is what trying every
    score finds.
    """
    count = 100_000 if quick else 1_000_000
    leads = make_leads(count)
    objective = make_objective(count)
    ways: dict[str, Callable[[], Any]] = {
        "leadops": lambda: find_best(leads.scores, leads.became_sql, objective),
        "scikit-learn": lambda: tune(leads, objective),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    found: dict[str, Any] = {}
    for _ in range(REPETITIONS):
        for name, search in ways.items():
            started = time.perf_counter()
            found[name] = search()
            seconds[name].append(time.perf_counter() - started)
    check(found["leadops"], found["scikit-learn"], leads, objective)
    median = {name: statistics.median(taken) for name, taken in seconds.items()}
    return Measured(
        figures=[
            Figure("seconds, every distinct score", median["leadops"], "s", "under", 1),
            Figure(
                "times as fast as scikit-learn",
                median["scikit-learn"] / median["leadops"],
                "x",
                "at least",
                20,
            ),
            Figure("seconds, scikit-learn on a grid of 100", median["scikit-learn"], "s"),
            Figure("leads, all with different scores", count, ""),
            Figure(
                "SQLs more than the grid's best",
                found["leadops"].value - found["scikit-learn"].best_score_,
                "",
            ),
        ],
        remarks=[
            f"{name}: {', '.join(f'{each:.3f}' for each in taken)} s" for name, taken in seconds.items()
        ],
    )


def make_leads(count: int) -> Leads:
    """Return leads whose chance to become SQL rises with the score, seeded."""
    dice = np.random.default_rng(20260401)
    scores = dice.permutation(np.linspace(0.001, 0.999, count))
    return Leads(scores, (dice.random(count) < scores**2).astype(np.int64))


def make_objective(count: int) -> Callable[[Any, Any], Any]:
    """Return SQLs by leads and their chances, at a desk that has time for a quarter of all."""
    desk = ServicePool(places=12, rate=0.25)
    response = ResponseDecay(floor=0.2, half_life_minutes=120)

    def count_sqls(leads: Any, chances: Any) -> Any:
        found = estimate_waiting(leads / count, desk, target=240, response=response, overdue_minutes=540)
        return chances * found.chance

    return count_sqls


def tune(leads: Leads, objective: Callable[[Any, Any], Any]) -> TunedThresholdClassifierCV:
    """Let scikit-learn find the best of 100 thresholds, without fitting or splitting anything."""

    def count_sqls(became_sql: Any, is_over: Any) -> float:
        over = int(np.count_nonzero(is_over))
        return float(objective(float(over), float(became_sql @ is_over))) if over else 0.0

    tuner = TunedThresholdClassifierCV(
        ScoreClassifier(), scoring=make_scorer(count_sqls), thresholds=100, cv="prefit", refit=False
    )
    return tuner.fit(leads.scores[:, np.newaxis], leads.became_sql)


def check(best: BestThreshold, tuned: Any, leads: Leads, objective: Callable[[Any, Any], Any]) -> None:
    """Raise RuntimeError unless `best` is the best of all scores, and no worse than `tuned`."""
    order = np.argsort(-leads.scores)
    sums = np.cumsum(leads.became_sql[order]).astype(np.float64)
    values = objective(np.arange(1.0, len(order) + 1), sums)
    at = int(np.argmax(values))
    if (best.score, best.leads) != (leads.scores[order[at]], at + 1) or best.value < tuned.best_score_:
        raise RuntimeError(f"{best} is not the best: {values[at]} at {leads.scores[order[at]]}")
