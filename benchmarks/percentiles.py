"""Percentiles of a few hundred samples, as they were measured and not interpolated."""

import math
from collections.abc import Sequence


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that at least `share` (over 0, at most 1) of all do not exceed.

    Nearest rank: the value is one that really occurred, and never flatters a small sample. Raises ValueError
    without samples or for a share out of range.
    """
    if not samples:
        raise ValueError("no samples, so no percentile")
    if not 0 < share <= 1:
        raise ValueError(f"a share is over 0 and at most 1, not {share}")
    return sorted(samples)[math.ceil(share * len(samples)) - 1]
