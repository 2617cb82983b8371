"""Compares a day's count with the counts of the same weekdays before it."""

from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple

from leadops.funnel.funnel_settings import QualityCheckSettings

#: The median absolute deviation of a normal distribution times this is its standard deviation.
MAD_TO_SD = 1.4826


class VolumeIssue(NamedTuple):
    """What is wrong about a count; `facts` has the count, the usual count and, for `volume`, z."""

    kind: Literal["gap", "volume"]
    facts: dict[str, float]


def classify_volume(
    count: int, others: Sequence[int], *, settings: QualityCheckSettings, is_working_day: bool
) -> VolumeIssue | None:
    """Compare a day's `count` with those of the same weekdays before it, the oldest first.

    Returns None if nothing is wrong or too little is known: weeks before the first count do not count. The
    standard deviation is the robust one (from the median absolute deviation), and never less than that of a
    Poisson count, the root of the median.
    """
    first = next((number for number, other in enumerate(others) if other), len(others))
    known = others[first:]
    if len(known) < settings.min_weeks:
        return None
    usual = median(known)
    usual = int(usual) if usual == int(usual) else usual  # 1, not 1.0
    facts = {"count": count, "usual": usual}
    if count == 0 and is_working_day and min(known) > 0 and usual >= settings.gap_from:
        return VolumeIssue("gap", facts)
    spread = MAD_TO_SD * median(abs(other - usual) for other in known)
    z = (count - usual) / max(spread, max(usual, 1) ** 0.5)
    if z >= settings.z or (z <= -settings.z and is_working_day):
        return VolumeIssue("volume", facts | {"z": round(z, 1)})
    return None
