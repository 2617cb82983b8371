"""Measures drift: how far today's leads are from those that a model was trained on."""

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadops.training.matrix import MISSING, FeatureColumn, Matrix

#: Bins of a number: tenths of the training leads.
TENTHS = np.linspace(0, 1, 11)[1:-1]

#: A share counts as at least this, so that an empty bin weighs much, but not everything.
LEAST_SHARE = 1e-4


def describe_distribution(matrix: Matrix, names: list[str]) -> dict[str, Any]:
    """Return the distribution of each feature in `names`: bins (edges or words) and their shares."""
    described = {}
    for name in names:
        column = matrix.columns[name]
        if column.numbers is not None:
            known = column.numbers[~np.isnan(column.numbers)]
            bins: list[Any] = (
                [float(edge) for edge in np.unique(np.quantile(known, TENTHS))] if len(known) else []
            )
        else:
            bins = list(column.words[:20])
        described[name] = {"bins": bins, "shares": [float(share) for share in _shares(column, bins)]}
    return described


def stability_index(matrix: Matrix, reference: dict[str, Any]) -> dict[str, float]:
    """Return the population stability index of each feature against `reference`, what `describe` returned.

    PSI = Σ (now − then) · ln(now / then) over the bins, missing being one of them; 0 means no change
    (Siddiqi, Credit Risk Scorecards, 2006, takes 0.25 and more for a significant shift).
    """
    result = {}
    for name, then in reference.items():
        now = np.maximum(_shares(matrix.columns[name], then["bins"]), LEAST_SHARE)
        before = np.maximum(np.array(then["shares"]), LEAST_SHARE)
        result[name] = float(np.sum((now - before) * np.log(now / before)))
    return result


def find_rate_change(before: NDArray[np.int8], after: NDArray[np.int8], *, confidence: float) -> str | None:
    """Return in words how the rate of the goal moved, or None where the change may be noise.

    Both are 1 for leads with the goal, else 0. A two-sided test of two proportions with the pooled variance.
    """
    old, new, pooled = before.mean(), after.mean(), np.concatenate([before, after]).mean()
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(before) + 1 / len(after)))
    if error == 0 or abs(new - old) <= NormalDist().inv_cdf((1 + confidence) / 2) * error:
        return None
    return f"the rate of the goal went from {old:.1%} in the training weeks to {new:.1%} in the test weeks"


def _shares(column: FeatureColumn, bins: list[Any]) -> NDArray[np.float64]:
    """Return the share of rows in each bin, the last being those where nothing is known."""
    if column.numbers is not None:
        places = np.searchsorted(np.array(bins, dtype=np.float64), column.numbers, side="left")
        places = np.where(np.isnan(column.numbers), len(bins) + 1, places)
    else:
        assert column.codes is not None  # noqa: S101 - a column has codes or numbers
        number = {word: place for place, word in enumerate(bins)}
        translate = np.array(
            [len(bins) + 1, len(bins)] + [number.get(word, len(bins)) for word in column.words]
        )
        places = translate[column.codes - MISSING]
    return np.bincount(places, minlength=len(bins) + 2) / max(len(places), 1)
