"""Splits the points of a lead over the features of the model, so that the parts sum to the points."""

import numpy as np
from numpy.typing import NDArray

from leadops.training.calibration import Calibration
from leadops.training.training_settings import PointsScale

#: Logits nearer than this are taken for one: the slope between them is then the steepness at the place.
SAME = 1e-9


def points_of(probabilities: NDArray[np.float64], scale: PointsScale) -> NDArray[np.int32]:
    """Return the points of each probability: scale × probability, rounded half up, within the bounds."""
    return np.floor(_exact(probabilities, scale) + 0.5).astype(np.int32)


def split_points(
    contributions: NDArray[np.float64], intercept: float, calibration: Calibration, scale: PointsScale
) -> NDArray[np.int32]:
    """Return rows × (1 + features): the points of the average lead, and what each feature adds to them.

    Points g(z) depend on the logit z = intercept + Σ contributions alone. On the straight way from the
    average lead's logit z₀ to the lead's, each feature adds its contribution × (g(z) − g(z₀)) / (z − z₀):
    the prices of Aumann and Shapley (1974), which sum to g(z) − g(z₀). Whole points by largest remainder, so
    that each row sums to the lead's points exactly; of equal remainders the earlier feature's counts.
    """
    logits = intercept + contributions.sum(axis=1)
    start = np.full(1, intercept)
    average = _exact(calibration.apply(start), scale)
    exact = _exact(calibration.apply(logits), scale)
    distance = logits - intercept
    is_far = np.abs(distance) > SAME
    flat = scale.scale * calibration.steepness(start)
    slope = np.where(is_far, (exact - average) / np.where(is_far, distance, 1.0), flat)
    shares = np.concatenate(
        [np.broadcast_to(average, (len(logits), 1)), contributions * slope[:, None]], axis=1
    )
    whole: NDArray[np.int32] = np.floor(shares).astype(np.int32)
    total = np.floor(exact + 0.5).astype(np.int32)
    # Between −½ and 1 + features of them are to be given; rounding may leave one to be taken.
    missing = total - whole.sum(axis=1)
    rank = np.argsort(np.argsort(-(shares - whole), axis=1, kind="stable"), axis=1, kind="stable")
    whole += rank < missing[:, None]
    whole -= rank >= whole.shape[1] + np.minimum(missing, 0)[:, None]
    return whole


def _exact(probabilities: NDArray[np.float64], scale: PointsScale) -> NDArray[np.float64]:
    return np.clip(scale.scale * probabilities, scale.lowest, scale.highest)
