"""Worlds in which the rate of the goal moves: noise must not take effect, an honest model must."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, Measured
from leadops.configuration import Config
from leadops.training.evaluate_challenger import evaluate_challenger
from leadops.training.matrix import FeatureColumn, Matrix
from leadops.training.training_settings import Feature, TrainingSettings

Numbers = NDArray[np.float64]

#: The last moment at which an MQL of these worlds is mature.
NEWEST = datetime(2026, 5, 1, tzinfo=UTC)

DAYS = 400
LEADS = 10_000

#: Where calibration and test weeks begin, by the shipped settings (four weeks each).
CALIBRATION, TEST = DAYS - 56, DAYS - 28

#: How much more of the first feature moves the log odds of the goal in an honest world; AUC about 0.73.
EFFECT = 0.7


@dataclass(frozen=True)
class RatePath:
    """The rate of the goal by day."""

    name: str
    rate: Callable[[Numbers], Numbers]


def _step(before: float, after: float, day: int) -> Callable[[Numbers], Numbers]:
    return lambda days: np.where(days < day, before, after)


def _line(before: float, after: float) -> Callable[[Numbers], Numbers]:
    return lambda days: before + (after - before) * days / DAYS


#: The three paths that are promised: before the calibration weeks, and none.
PATHS = (
    RatePath("8 to 20 %", _step(0.08, 0.20, CALIBRATION)),
    RatePath("20 to 12 %", _step(0.20, 0.12, CALIBRATION)),
    RatePath("no drift (8 %)", _step(0.08, 0.08, 0)),
)

#: The same changes slowly, in the middle of the calibration weeks, and as late as the test weeks.
MORE_PATHS = (
    RatePath("8 to 20 %, slowly", _line(0.08, 0.20)),
    RatePath("20 to 12 %, slowly", _line(0.20, 0.12)),
    RatePath("8 to 20 %, amid calibration", _step(0.08, 0.20, CALIBRATION + 14)),
    RatePath("20 to 12 %, amid calibration", _step(0.20, 0.12, CALIBRATION + 14)),
    RatePath("8 to 20 %, in the test", _step(0.08, 0.20, TEST)),
    RatePath("20 to 12 %, in the test", _step(0.20, 0.12, TEST)),
)


def make_world(path: RatePath, *, effect: float, seed: int) -> Matrix:
    """Return leads with eight counts and a category; only the first count moves the goal, by `effect`.

    With an `effect` of 0 nothing that is known of a lead says anything about the goal.
    """
    dice = np.random.default_rng(seed)
    days = np.sort(dice.uniform(0, DAYS, LEADS))
    counts = dice.poisson(2, (8, LEADS)).astype(np.float32)
    rate = path.rate(days)
    odds = np.log(rate / (1 - rate)) + effect * (counts[0] - 2)
    feature = Feature.model_validate({"count": ["view_pricing"], "log": True})
    columns = {f"count {number}": FeatureColumn(feature, numbers=row) for number, row in enumerate(counts)}
    columns["category"] = FeatureColumn(
        Feature.model_validate({"properties": ["industry"], "kind": "category"}),
        codes=dice.integers(1, 7, LEADS).astype(np.int32),
        words=("a", "b", "c", "d", "e", "f"),
    )
    return Matrix(
        lead_ids=np.arange(1, LEADS + 1),
        cycles=np.ones(LEADS, np.int32),
        at=(NEWEST - timedelta(days=DAYS)).timestamp() + 86_400 * days,
        reached=(dice.random(LEADS) < 1 / (1 + np.exp(-odds))).astype(np.int8),
        columns=columns,
    )


def count_outcomes(path: RatePath, *, effect: float, worlds: int, settings: TrainingSettings) -> Counter[str]:
    """Return how many first trainings of `worlds` worlds ended with each outcome."""
    outcomes: Counter[str] = Counter()
    for seed in range(worlds):
        matrix = make_world(path, effect=effect, seed=seed)
        verdict = evaluate_challenger(
            matrix, late=[], champion=None, champion_matrix=matrix, newest=NEWEST, settings=settings
        )
        outcomes[verdict.outcome] += 1
    return outcomes


def measure_ranking_worlds(*, quick: bool) -> Measured:
    """Train a first model in worlds of noise, and in honest ones, and count those that take effect."""
    settings = Config().training
    worlds = 8 if quick else 40
    figures = []
    for path in PATHS + MORE_PATHS:
        crowned = count_outcomes(path, effect=0, worlds=worlds, settings=settings)["first"]
        figures.append(Figure(f"noise, {path.name}", crowned, f"of {worlds}", "at most", 2))
    for path in PATHS + MORE_PATHS:
        crowned = count_outcomes(path, effect=EFFECT, worlds=worlds, settings=settings)["first"]
        target = worlds - 2 if path in PATHS else None
        figures.append(Figure(f"honest, {path.name}", crowned, f"of {worlds}", "at least", target))
    return Measured(
        figures,
        remarks=[
            f"{LEADS} leads of {DAYS} days, nine features; honest: the log odds rise by {EFFECT} a count"
        ],
    )
