"""The threshold with the most SQLs: the best of every distinct score, by sorting and cumulative sums."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

#: SQLs of (how many leads come over the threshold, the sum of their chances), for arrays of both.
Objective = Callable[[Numbers, Numbers], Numbers]

#: Values closer than this part of the best are the same: sums of a million numbers are no more exact.
SAME = 1e-12

#: Scores are first sorted into this many drawers; only drawers that may hold the best are searched.
BUCKETS = 4096


class BestThreshold(NamedTuple):
    """The best threshold: leads with `score` or more come over it."""

    score: float
    leads: float
    chances: float
    value: float  # what the objective says


def find_best(scores: Any, chances: Any, objective: Objective, *, leads: Any = None) -> BestThreshold:
    """Return the best of all distinct `scores` by `objective`; of equal ones that which lets in fewest leads.

    `scores` and `chances` are arrays with a row a lead or, where `leads` is given, a row for that many leads;
    a chance is that of one lead. Rows may be in any order, scores may repeat. `objective` must not fall when
    the chances rise, nor rise when more leads share them. So no threshold within a drawer is worth more than
    its fewest leads with its most chances: drawers that cannot hold the best are left out, and the answer is
    that of trying every score. Raises ValueError when there is no score.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if not len(scores):
        raise ValueError("there is no score to try")
    weights: Numbers = np.ones(1) if leads is None else np.asarray(leads, dtype=np.float64)
    chances = np.asarray(chances, dtype=np.float64) if leads is None else np.asarray(chances) * weights
    if len(scores) <= BUCKETS:
        order = np.argsort(-scores, kind="stable")
        each = np.broadcast_to(weights, scores.shape)[order]
        return _pick(scores[order], np.cumsum(each), np.cumsum(chances[order]), objective)
    return _find_in_buckets(scores, chances, weights, objective)


def _find_in_buckets(
    scores: Numbers, chances: Numbers, weights: Numbers, objective: Objective
) -> BestThreshold:
    """Return what `find_best` does without sorting all; `chances` are those of a row's leads, summed."""
    drawer = _sort_into_buckets(scores)
    filled = np.bincount(drawer, minlength=BUCKETS)
    is_lead = weights.size == 1  # a row is one lead
    counts: Numbers = np.asarray(
        filled * weights[0] if is_lead else np.bincount(drawer, weights, BUCKETS), float
    )
    sums: Numbers = np.asarray(np.bincount(drawer, chances, BUCKETS), float)
    all_leads: Numbers = np.cumsum(counts)
    all_chances: Numbers = np.cumsum(sums)
    used = np.flatnonzero(filled)
    least = objective(all_leads[used], all_chances[used]).max()
    fewest = all_leads[used] - counts[used] + weights.min()
    held = used[objective(fewest, all_chances[used]) >= least - SAME * abs(least)]
    is_held = np.zeros(BUCKETS, dtype=bool)
    is_held[held] = True
    rows = np.flatnonzero(is_held[drawer])
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    own = drawer[rows]
    first = np.searchsorted(own, own)
    return _pick(
        scores[rows],
        (all_leads - counts)[own] + _sum_within(np.broadcast_to(weights, scores.shape)[rows], first),
        (all_chances - sums)[own] + _sum_within(chances[rows], first),
        objective,
    )


def _sort_into_buckets(scores: Numbers) -> NDArray[np.intp]:
    """Return the number of each score's drawer; the highest scores are in drawer 0."""
    high = scores.max()
    span = high - scores.min()
    if span == 0:
        return np.zeros(len(scores), dtype=np.intp)
    depth = high - scores  # the steps share its memory, which is most of their time
    depth /= span
    depth *= BUCKETS - 1
    steps: NDArray[np.intp] = depth.astype(np.intp)
    return steps


def _sum_within(values: Numbers, first: NDArray[np.intp]) -> Numbers:
    """Return cumulative sums that restart where a drawer's rows begin, at `first`."""
    sums: Numbers = np.cumsum(values)
    return sums - sums[first] + values[first]


def _pick(scores: Numbers, leads: Numbers, chances: Numbers, objective: Objective) -> BestThreshold:
    """Return the best of rows that are sorted from the highest score; a score counts at its last row."""
    is_last = np.append(scores[1:] != scores[:-1], True)
    scores, leads, chances = scores[is_last], leads[is_last], chances[is_last]
    values = objective(leads, chances)
    best = values.max()
    at = int(np.argmax(values >= best - SAME * abs(best)))
    return BestThreshold(float(scores[at]), float(leads[at]), float(chances[at]), float(values[at]))
