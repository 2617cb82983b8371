"""Splits totals into whole parts that sum to them exactly, by largest remainder (Hamilton's method)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

#: Remainders of floats that differ by less than these decimals differ only by rounding errors.
DECIMALS = 9


def apportion(totals: Ints, weights: Ints | NDArray[np.float64], of: Ints) -> Ints:
    """Return a whole part of totals[of[i]] for each weight i; the parts of one total sum to it exactly.

    `of` is ascending, and each total in it has a weight above 0; no weight is negative. Weights are floats
    that sum to 1 for each total, or integers that sum to less than 2**31 for each total; integers are
    exact. Each part is its exact share rounded down. The units that are left go, one by one, to the largest
    remainders; among equal ones to the first.
    """
    if not len(of):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    sizes = np.diff(np.r_[starts, len(of)])
    parts, remainders = _round_down(totals[of], weights, starts, sizes)
    left = totals[of[starts]] - np.add.reduceat(parts, starts)
    # A total may have more digits than a float holds: then more than one unit each is left over, or too few.
    each, extra = np.divmod(left, sizes)
    order = np.lexsort((-remainders, of))
    rank = np.arange(len(of)) - np.repeat(starts, sizes)
    parts[order] += np.repeat(each, sizes) + (rank < np.repeat(extra, sizes))
    return parts


def _round_down(totals: Ints, weights: NDArray[Any], starts: Ints, sizes: Ints) -> tuple[Ints, NDArray[Any]]:
    """Return the whole units of each share, and what remains of it (by a measure of its total)."""
    if weights.dtype.kind == "f":
        exact = totals * weights
        parts = np.floor(exact).astype(np.int64)
        return parts, np.round(exact - parts, DECIMALS)
    # totals · weights / sums, in steps that fit into 64 bits.
    sums = np.repeat(np.add.reduceat(weights, starts), sizes)
    whole, rest = np.divmod(totals, sums)
    parts, remainders = np.divmod(rest * weights, sums)
    return whole * weights + parts, remainders
