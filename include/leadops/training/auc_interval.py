"""How sure an AUC is, and the difference of two AUCs on the same leads, by the method of DeLong."""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


class AucInterval(NamedTuple):
    """An estimate and its two-sided interval."""

    value: float
    low: float
    high: float


class Placements(NamedTuple):
    """For each lead the share of the other kind against which it is ranked correctly; ties count half."""

    good: NDArray[np.float64]  # of the leads with the goal
    bad: NDArray[np.float64]  # of those without


def bound_auc(scores: NDArray[np.floating], reached: NDArray[np.int8], *, confidence: float) -> AucInterval:
    """Return the AUC of `scores` and its interval (DeLong et al., Biometrics 44, 1988; normal approximation).

    Leads in perfect order have no spread to estimate an error from. Their error is that of an AUC of 0.5, so
    that a few leads in good order prove nothing. Where one kind of lead is missing, nothing is known: 0 to 1.
    """
    placed = _place(scores, reached)
    if placed is None:
        return AucInterval(0.5, 0.0, 1.0)
    area = float(placed.good.mean())
    variance = _variance(placed.good) + _variance(placed.bad)
    if area in (0.0, 1.0):
        good, bad = len(placed.good), len(placed.bad)
        variance = (good + bad + 1) / (12 * good * bad)
    far = _deviations(confidence) * float(np.sqrt(variance))
    return AucInterval(area, max(area - far, 0.0), min(area + far, 1.0))


def bound_auc_gain(
    champion: NDArray[np.floating],
    challenger: NDArray[np.floating],
    reached: NDArray[np.int8],
    *,
    confidence: float,
) -> AucInterval:
    """Return by how much the challenger's AUC is above the champion's on the same leads, and the interval.

    The two areas are correlated; DeLong et al. (1988) give the variance of their difference. Where one kind
    of lead is missing, nothing is known: -1 to 1.
    """
    before, after = _place(champion, reached), _place(challenger, reached)
    if before is None or after is None:
        return AucInterval(0.0, -1.0, 1.0)
    gain = float(after.good.mean() - before.good.mean())
    variance = _variance(after.good - before.good) + _variance(after.bad - before.bad)
    far = _deviations(confidence) * float(np.sqrt(variance))
    return AucInterval(gain, gain - far, gain + far)


def _place(scores: NDArray[np.floating], reached: NDArray[np.int8]) -> Placements | None:
    """Return the placements by ranks (Sun and Xu, IEEE Signal Processing Letters 21, 2014)."""
    is_good = np.asarray(reached) == 1
    good, bad = scores[is_good], scores[~is_good]
    if not len(good) or not len(bad):
        return None
    ranks = rankdata(scores)
    return Placements(
        (ranks[is_good] - rankdata(good)) / len(bad),
        1 - (ranks[~is_good] - rankdata(bad)) / len(good),
    )


def _variance(placements: NDArray[np.float64]) -> float:
    """Return the variance of the mean; 0 for a single lead, whose spread is unknown."""
    count = len(placements)
    return float(placements.var(ddof=1)) / count if count > 1 else 0.0


def _deviations(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
