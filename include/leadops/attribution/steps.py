"""How often each channel followed another, in each sample of accounts."""

import numpy as np
from numpy.typing import NDArray

from leadops.attribution.journeys import Ints, Journeys
from leadops.attribution.markov import Steps
from leadops.attribution.samples import sum_by_group


def count_steps(
    journeys: Journeys, units: Ints, count: int, group: Ints, weights: NDArray[np.float64]
) -> Steps:
    """Count the steps of all journeys with a touch, for each row of `weights` (samples, groups).

    `units` is each touch's channel, 0 to `count` - 1; `group` each journey's group.
    """
    journey = journeys.journey
    changes = journey[1:] != journey[:-1]
    first = np.flatnonzero(np.r_[True, changes][: len(journey)])
    last = np.flatnonzero(np.r_[changes, True][-len(journey) :]) if len(journey) else first
    onward = np.flatnonzero(~changes)
    won = last[journey[last] < journeys.converted]
    lost = last[journey[last] >= journeys.converted]

    def add(
        at: Ints, column: Ints, columns: int, parts: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        parts = np.ones(len(at)) if parts is None else parts
        sums = sum_by_group(group[journey[at]], column, parts, shape=(weights.shape[1], columns))
        weighted: NDArray[np.float64] = weights @ sums
        return weighted

    moves = add(onward, units[onward] * count + units[onward + 1], count * count)
    return Steps(
        begins=add(first, units[first], count),
        moves=moves.reshape(len(weights), count, count),
        conversions=add(won, units[won], count),
        value=add(won, units[won], count, journeys.cents[journey[won]].astype(np.float64)),
        losses=add(lost, units[lost], count),
    )
