"""How often the interval of a proposed gain holds the true one, in companies whose true rates are known."""

import statistics
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, Measured
from benchmarks.threshold_worlds import make_threshold_world
from leadops.configuration import Config
from leadops.thresholds.best_pair import find_pair
from leadops.thresholds.choose_threshold import open_forecaster
from leadops.thresholds.gain_interval import BoundedGain, bound_by_errors, draw_errors
from leadops.thresholds.threshold_settings import ThresholdSettings

Numbers = NDArray[np.float64]


class GainClaim(NamedTuple):
    """What a proposal says of its gain (SQLs a week), and what the gain truly is."""

    shown: float  # as the best of all pairs looks on the same past
    errors: Numbers  # of the bootstrap
    true: float

    def bound(self, confidence: float) -> BoundedGain:
        """Return the gain and its interval as they are printed."""
        return bound_by_errors(self.shown, self.errors, confidence=confidence)

    def is_held(self, confidence: float) -> bool:
        """Say whether the interval holds the true gain."""
        bounded = self.bound(confidence)
        return bounded.low <= self.true <= bounded.high


def collect_claims(count: int, *, settings: ThresholdSettings, seed: int = 0) -> list[GainClaim]:
    """Return the claims of `count` companies, after `seed`, in which another pair looks best."""
    claims: list[GainClaim] = []
    while len(claims) < count:
        seed += 1
        world = make_threshold_world(seed, settings)
        forecaster = open_forecaster(world.history, world.capacity, settings)
        if isinstance(forecaster, str):
            continue
        now = forecaster.forecast(world.active.threshold, world.active.target)
        best, _ = find_pair(forecaster, world.active)
        if (best.leads, best.sla_minutes) == (now.leads, now.sla_minutes):
            continue
        truly = [world.truth.forecast(pair.threshold, pair.sla_minutes).sqls for pair in (best, now)]
        errors = draw_errors(forecaster, world.active, seed=seed)
        claims.append(GainClaim(best.sqls - now.sqls, errors, true=truly[0] - truly[1]))
    return claims


def measure_gain_coverage(*, quick: bool) -> Measured:
    """Count how often the interval holds the true gain, at 95 % and at the shipped confidence."""
    settings = Config().thresholds
    count = 20 if quick else 200
    claims = collect_claims(count, settings=settings)
    figures = []
    for confidence in (0.95, settings.confidence):
        name = f"{confidence:.0%} interval"
        held = 100 * statistics.mean(claim.is_held(confidence) for claim in claims)
        if confidence == 0.95:
            figures.append(Figure(f"{name} holds the true gain", held, "%", "at least", 93))
            figures.append(Figure(f"{name}, not more often than", held, "%", "at most", 97))
        else:
            figures.append(Figure(f"{name} holds the true gain", held, "%"))
        lower = sum(claim.true < claim.bound(confidence).low for claim in claims)
        higher = sum(claim.true > claim.bound(confidence).high for claim in claims)
        figures.append(Figure(f"{name}: the true gain is lower", lower, f"of {count}"))
        figures.append(Figure(f"{name}: the true gain is higher", higher, f"of {count}"))
    printed = statistics.mean(claim.bound(0.9).gain - claim.true for claim in claims)
    for name, error in (
        ("printed gain minus the true one", printed),
        (
            "best pair's gain minus the true one",
            statistics.mean(claim.shown - claim.true for claim in claims),
        ),
        ("the true gain", statistics.mean(claim.true for claim in claims)),
    ):
        figures.append(Figure(f"{name}, mean", error, "SQLs a week"))
    return Measured(
        figures, remarks=[f"{count} companies in which another pair looks best; 1 to 20 salespeople"]
    )
