"""How good probabilities are: ranking, errors, and the lift for a team of limited capacity."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

#: Probabilities are clipped this far from 0 and 1, so that one certain error costs much, but not everything.
EDGE = 1e-6


def auc(scores: NDArray[np.floating], reached: NDArray[np.int8]) -> float:
    """Return the chance that a lead with the goal ranks above one without; ties count half (Mann–Whitney).

    0.5 where one of the two kinds is missing.
    """
    good = int(reached.sum())
    bad = len(reached) - good
    if not good or not bad:
        return 0.5
    ranks = rankdata(scores)
    return float((ranks[reached == 1].sum() - good * (good + 1) / 2) / (good * bad))


def auc_error(area: float, *, good: int, bad: int) -> float:
    """Return the standard error of an AUC by Hanley and McNeil (Radiology 143, 1982)."""
    one = area / (2 - area)
    two = 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (good - 1) * (one - area**2) + (bad - 1) * (two - area**2)
    return float(np.sqrt(max(variance, 0) / (good * bad)))


def log_losses(probabilities: NDArray[np.float64], reached: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return −ln of the probability that was given to what came true, for each lead."""
    held = np.clip(probabilities, EDGE, 1 - EDGE)
    return -np.log(np.where(reached == 1, held, 1 - held))


def brier(probabilities: NDArray[np.float64], reached: NDArray[np.int8]) -> float:
    """Return the mean squared error of the probabilities (Brier 1950)."""
    return float(np.mean((probabilities - reached) ** 2))


def lift(probabilities: NDArray[np.float64], reached: NDArray[np.int8], *, capacity: int) -> float:
    """Return the rate of the best `capacity` leads divided by the rate of all; 1 where that is 0.

    Leads that tie at the edge count proportionally.
    """
    taken = min(capacity, len(reached))
    rate = reached.mean() if len(reached) else 0.0
    if not taken or rate == 0:
        return 1.0
    edge = np.sort(probabilities)[::-1][taken - 1]
    above, tied = probabilities > edge, probabilities == edge
    hits = reached[above].sum() + reached[tied].mean() * (taken - above.sum())
    return float(hits / taken / rate)


def measure(
    probabilities: NDArray[np.float64], reached: NDArray[np.int8], *, capacity: int
) -> dict[str, float | int]:
    """Return the measures that are kept with a model."""
    return {
        "leads": len(reached),
        "reached": int(reached.sum()),
        "auc": auc(probabilities, reached),
        "brier": brier(probabilities, reached),
        "log_loss": float(log_losses(probabilities, reached).mean()),
        "capacity": capacity,
        "lift_at_capacity": lift(probabilities, reached, capacity=capacity),
        "mean_probability": float(probabilities.mean()),
    }
