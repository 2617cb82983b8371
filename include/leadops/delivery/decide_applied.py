"""Decides by a lead's score whether a call of unknown outcome took effect."""

from collections.abc import Sequence
from itertools import combinations

#: Other calls of unknown outcome on one lead; with more than this every score fits.
MAX_OTHERS = 12


def decide_applied(gap: int, points: int, others: Sequence[int]) -> bool | None:
    """Return whether a call of `points` took effect in the MA; None where the score fits both or neither.

    `gap` is the score there minus the points that it surely has. Each of `others`, the points of other calls
    of unknown outcome, may or may not be in it.
    """
    applied, not_applied = is_reachable(gap - points, others), is_reachable(gap, others)
    if len(others) > MAX_OTHERS or not (applied or not_applied):
        return None
    if points == 0:
        return True  # it changes nothing, either way
    return None if applied and not_applied else applied


def is_reachable(gap: int, others: Sequence[int]) -> bool:
    """Return whether some of `others` make `gap`; only the first MAX_OTHERS are tried."""
    reachable = {0}
    for other in others[:MAX_OTHERS]:
        reachable |= {total + other for total in reachable}
    return gap in reachable


def may_be_partial(gap: int, points: Sequence[int], others: Sequence[int]) -> bool:
    """Return whether `gap` fits some but not all of `points`: an MA that answers by rows applies by rows."""
    if len(points) + len(others) > MAX_OTHERS:
        return len(points) > 1
    return any(
        gap == sum(chosen) + sum(chosen_others)
        for size in range(1, len(points))
        for chosen in combinations(points, size)
        for other_size in range(len(others) + 1)
        for chosen_others in combinations(others, other_size)
    )
