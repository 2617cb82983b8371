"""The closed form of the Shapley value against its definition: the mean over all orders of arrival."""

from fractions import Fraction
from itertools import permutations
from math import factorial

import numpy as np
from hypothesis import given, settings

from leadops.attribution.credits import DAY
from leadops.attribution.weights import Paths, weigh_shapley
from tests.attribution.paths import Path, make_journeys, random_paths
from tests.promises import promise_examples
from tests.shipped import SHIPPED

CHANNELS = 5


def by_definition(paths: list[Path]) -> list[float]:
    """Each channel's mean contribution; a set is worth the value of paths with no channel outside it."""

    def worth(present: frozenset[int]) -> int:
        return sum(path.cents or 0 for path in paths if path.channels and present.issuperset(path.channels))

    gains = [Fraction(0)] * CHANNELS
    for order in permutations(range(CHANNELS)):
        before: frozenset[int] = frozenset()
        for channel in order:
            gains[channel] += worth(before | {channel}) - worth(before)
            before |= {channel}
    return [float(gain / factorial(CHANNELS)) for gain in gains]


def by_closed_form(paths: list[Path]) -> list[float]:
    journeys = make_journeys(paths)
    in_path = journeys.journey < journeys.converted
    unit, journey = journeys.name[in_path], journeys.journey[in_path]
    weights = weigh_shapley(Paths(journey, unit, journeys.age[in_path] / DAY), SHIPPED.attribution.models)
    credit = np.bincount(unit, weights * journeys.cents[journey], minlength=CHANNELS)
    return [float(one) for one in credit]


@given(random_paths(channels=CHANNELS))
@settings(max_examples=promise_examples(40), deadline=None)
def test_it_is_the_mean_over_all_orders(paths: list[Path]) -> None:
    np.testing.assert_allclose(by_closed_form(paths), by_definition(paths), atol=1e-6)


@given(random_paths(channels=CHANNELS - 1))
@settings(max_examples=promise_examples(20), deadline=None)
def test_a_channel_that_never_changes_anything_gets_nothing(paths: list[Path]) -> None:
    """Channel 4 only reaches people who do not convert: no set is worth more with it than without."""
    paths = [*paths, Path([CHANNELS - 1], [1.0], None), Path([0, CHANNELS - 1], [2.0, 1.0], None)]
    assert by_definition(paths)[CHANNELS - 1] == 0
    assert by_closed_form(paths)[CHANNELS - 1] == 0
