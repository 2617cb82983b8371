"""The models that share each conversion among the touches of its own path."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadops.attribution.attribution_settings import ModelSettings
from leadops.attribution.journeys import Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Paths:
    """The touches of journeys with a conversion, in order of journey and time.

    Touch by touch: `journey`, `unit` (the channel or campaign that is credited), `age` in days.
    """

    journey: Ints
    unit: Ints
    age: Floats

    @property
    def starts(self) -> Ints:
        """The place of each path's first touch."""
        return np.flatnonzero(np.r_[True, self.journey[1:] != self.journey[:-1]][: len(self.journey)])

    @property
    def sizes(self) -> Ints:
        """The touches of each path that has any."""
        sizes: Ints = np.diff(np.r_[self.starts, len(self.journey)])
        return sizes


def weigh_last(paths: Paths, _: ModelSettings) -> Floats:
    """All to the last touch."""
    weights = np.zeros(len(paths.unit))
    weights[paths.starts + paths.sizes - 1] = 1.0
    return weights


def weigh_first(paths: Paths, _: ModelSettings) -> Floats:
    """All to the first touch."""
    weights = np.zeros(len(paths.unit))
    weights[paths.starts] = 1.0
    return weights


def weigh_linear(paths: Paths, _: ModelSettings) -> Floats:
    """The same to each touch."""
    return np.repeat(1.0 / paths.sizes, paths.sizes)


def weigh_u_shape(paths: Paths, models: ModelSettings) -> Floats:
    """u_first to the first, u_last to the last, the rest evenly to those between.

    Of two touches they share all in the proportion of u_first and u_last; one alone has all.
    """
    sizes = np.repeat(paths.sizes, paths.sizes)
    between = (1.0 - models.u_first - models.u_last) / np.maximum(sizes - 2, 1)
    weights = np.where(sizes > 2, between, 0.0)
    weights[paths.starts] = models.u_first
    weights[paths.starts + paths.sizes - 1] = models.u_last
    alone = paths.starts[paths.sizes == 1]
    weights[alone] = 1.0
    return _normalise(weights, paths)


def weigh_time_decay(paths: Paths, models: ModelSettings) -> Floats:
    """In proportion to 2 ** (-days before the conversion / half_life_days)."""
    # Counted from the last touch, which changes no proportion, so that no path's weights all vanish.
    age = paths.age - np.repeat(paths.age[paths.starts + paths.sizes - 1], paths.sizes)
    return _normalise(np.exp2(-age / models.half_life_days), paths)


def weigh_shapley(paths: Paths, _: ModelSettings) -> Floats:
    """The same to each different channel (or campaign) of the path, at its first touch there.

    This is the Shapley value, exactly, of the game in which a set of channels is worth the conversions whose
    paths have no other channel (the simplified formula of Zhao, Mahboobi, Bagheri 2018, arXiv:1804.05327).
    """
    order = np.lexsort((paths.unit, paths.journey))
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(paths.unit[order]) != 0) | (np.diff(paths.journey[order]) != 0)
    weights = np.zeros(len(order))
    weights[order[is_first]] = 1.0
    return _normalise(weights, paths)


def _normalise(weights: Floats, paths: Paths) -> Floats:
    return (
        weights / np.repeat(np.add.reduceat(weights, paths.starts), paths.sizes) if len(weights) else weights
    )


Weigh = Callable[[Paths, ModelSettings], Floats]

WEIGHTS: dict[str, Weigh] = {
    "last_touch": weigh_last,
    "first_touch": weigh_first,
    "linear": weigh_linear,
    "u_shape": weigh_u_shape,
    "time_decay": weigh_time_decay,
    "shapley": weigh_shapley,
}
