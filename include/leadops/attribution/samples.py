"""Sums over samples of accounts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadops.attribution.journeys import Ints


@dataclass(frozen=True)
class Samples:
    """The group of each journey, how often each sample (row) holds each group, the interval's level."""

    group: Ints
    weights: NDArray[np.float64]
    level: float


def sum_by_group(group: Ints, column: Ints, parts: NDArray[Any], *, shape: tuple[int, int]) -> Any:
    """Return `parts` summed by `group` and `column`, a sparse matrix of `shape` (groups, columns)."""
    from scipy.sparse import csr_array

    summed = csr_array((parts.astype(np.float64), (group, column)), shape=shape)
    summed.sum_duplicates()
    return summed
