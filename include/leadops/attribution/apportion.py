"""Shares in whole units that sum to the whole, by largest remainder."""

import numpy as np
from numpy.typing import NDArray

from leadops.attribution.journeys import Ints


def apportion(totals: Ints, weights: NDArray[np.float64], of: Ints) -> Ints:
    """Return a whole part of totals[of[i]] for each weight i; the parts of one total sum to it exactly.

    `of` is ascending, the weights of one total sum to 1. Each part is its exact share rounded down; what is
    left over goes, one by one, to the largest remainders, of equal ones to the first (Hamilton's method).
    """
    if not len(of):
        return np.zeros(0, dtype=np.int64)
    exact = totals[of] * weights
    parts = np.floor(exact).astype(np.int64)
    # Remainders that differ by less than this are equal but for the arithmetic.
    remainders = np.round(exact - parts, 9)
    starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    sizes = np.diff(np.r_[starts, len(of)])
    left = totals[of[starts]] - np.add.reduceat(parts, starts)
    # Where a total has more digits than a float holds, more than one each may be left over, or too few.
    each, extra = np.divmod(left, sizes)
    order = np.lexsort((-remainders, of))
    rank = np.arange(len(of)) - np.repeat(starts, sizes)
    parts[order] += np.repeat(each, sizes) + (rank < np.repeat(extra, sizes))
    return parts
