import numpy as np
import pytest
from hypothesis import given, settings

from leadops.attribution.credits import DAY
from leadops.attribution.weights import (
    WEIGHTS,
    Paths,
    weigh_first,
    weigh_last,
    weigh_linear,
    weigh_shapley,
    weigh_time_decay,
    weigh_u_shape,
)
from tests.attribution.paths import Path, make_journeys, make_path, random_paths
from tests.shipped import SHIPPED, change

MODELS = change(SHIPPED.attribution.models, u_first=0.4, u_last=0.4, half_life_days=7)


def test_last_first_and_linear() -> None:
    path = make_path([0, 1, 1, 2])
    assert weigh_last(path, MODELS).tolist() == [0, 0, 0, 1]
    assert weigh_first(path, MODELS).tolist() == [1, 0, 0, 0]
    assert weigh_linear(path, MODELS).tolist() == [0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("channels", "weights"),
    [
        ([0], [1.0]),
        ([0, 1], [0.5, 0.5]),
        ([0, 1, 2], [0.4, 0.2, 0.4]),
        ([0, 1, 2, 3], [0.4, 0.1, 0.1, 0.4]),
    ],
)
def test_u_shape(channels: list[int], weights: list[float]) -> None:
    assert weigh_u_shape(make_path(channels), MODELS) == pytest.approx(weights)


def test_u_shape_of_two_touches_keeps_the_proportion_of_its_ends() -> None:
    assert weigh_u_shape(make_path([0, 1]), change(MODELS, u_first=0.6, u_last=0.2)) == pytest.approx(
        [0.75, 0.25]
    )


def test_a_touch_one_half_life_older_counts_half() -> None:
    # 14, 7 and 0 days: 1/4, 1/2, 1 of 7/4
    assert weigh_time_decay(make_path([0, 1, 2], [14, 7, 0]), MODELS) == pytest.approx([1 / 7, 2 / 7, 4 / 7])


def test_time_decay_of_a_path_long_ago_does_not_vanish() -> None:
    weights = weigh_time_decay(make_path([0, 1], [3650, 3649]), change(MODELS, half_life_days=0.5))
    assert weights == pytest.approx([0.2, 0.8])


def test_shapley_counts_each_channel_once() -> None:
    assert weigh_shapley(make_path([0, 1, 0, 0]), MODELS).tolist() == [0.5, 0.5, 0, 0]


@given(random_paths())
@settings(deadline=None)
def test_the_weights_of_each_path_sum_to_one(paths: list[Path]) -> None:
    journeys = make_journeys(paths)
    in_path = journeys.journey < journeys.converted
    given_paths = Paths(journeys.journey[in_path], journeys.name[in_path], journeys.age[in_path] / DAY)
    for weigh in WEIGHTS.values():
        weights = weigh(given_paths, MODELS)
        sums = np.bincount(given_paths.journey, weights, minlength=journeys.converted)
        touched = np.bincount(given_paths.journey, minlength=journeys.converted) > 0
        assert (weights >= 0).all()
        assert sums == pytest.approx(touched.astype(float))
