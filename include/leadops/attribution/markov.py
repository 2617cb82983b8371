"""The Markov model: what would be lost without a channel, in closed form.

Its steps are how often each channel followed another, in each sample of accounts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadops.attribution.journeys import Ints, Journeys
from leadops.attribution.samples import sum_by_group

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """How often one state followed another, for n channels; leading axes (samples) may be there.

    `begins` (…, n): paths that begin there. `moves` (…, n, n): from the first to the second. `conversions`,
    `value`, `losses` (…, n): paths that end there with a conversion, its value, without one.
    """

    begins: Floats
    moves: Floats
    conversions: Floats
    value: Floats
    losses: Floats


def remove_each(steps: Steps) -> tuple[Floats, Floats]:
    """Return each channel's removal effects (…, n): conversions and value lost for each path that begins.

    The paths are an absorbing chain of order one. N = (I - Q)⁻¹ is its fundamental matrix (Kemeny and Snell,
    Finite Markov Chains, chapter 3), v the expected visits from the start, w what a path that is at a
    channel still brings. A path gets to channel k at all with the chance v[k] / N[k, k]; what it brings
    comes after. So without k, v[k] w[k] / N[k, k] is lost: one inverse serves all channels (the effect is
    that of Anderl, Becker, von Wangenheim, Schumann 2016, doi 10.1016/j.ijresmar.2016.03.001).
    """
    leaving = steps.moves.sum(axis=-1) + steps.conversions + steps.losses
    rate = 1.0 / np.where(leaving > 0, leaving, 1.0)  # a channel nobody visits leads nowhere
    inverse = np.linalg.inv(np.eye(rate.shape[-1]) - steps.moves * rate[..., None])
    paths = steps.begins.sum(axis=-1, keepdims=True)
    start = steps.begins / np.where(paths > 0, paths, 1.0)
    visits = (start[..., None, :] @ inverse)[..., 0, :]
    reached = visits / np.diagonal(inverse, axis1=-2, axis2=-1)
    conversions, value = (
        reached * (inverse @ (ends * rate)[..., None])[..., 0] for ends in (steps.conversions, steps.value)
    )
    return conversions, value


def share_by_removal(steps: Steps) -> tuple[Floats, Floats]:
    """Return each channel's share (…, n) of the conversions and of the value; all 0 without conversions."""
    conversions, value = remove_each(steps)
    shares = _share(conversions)
    # Where nothing is worth anything the value is shared as the conversions are.
    worth = value.sum(axis=-1, keepdims=True) > 0
    return shares, np.where(worth, _share(value), shares)


def _share(effects: Floats) -> Floats:
    effects = np.maximum(effects, 0.0)
    whole = effects.sum(axis=-1, keepdims=True)
    return effects / np.where(whole > 0, whole, 1.0)


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
