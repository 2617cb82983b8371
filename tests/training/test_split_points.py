import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leadops.training.calibration import Calibration
from leadops.training.points import points_of, split_points
from leadops.training.training_settings import PointsScale
from tests.promises import promise_examples
from tests.shipped import SHIPPED, change

POINTS = SHIPPED.training.points

PLATT = Calibration(kind="sigmoid", slope=1.0, intercept=0.0)
STEPS = Calibration(kind="isotonic", logits=(-1.0, 0.0, 0.0001, 2.0), probabilities=(0.0, 0.2, 0.7, 1.0))
contributions = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 8)),
    elements=st.floats(-6, 6, allow_subnormal=False),
)


@examples(max_examples=promise_examples(200), deadline=None)
@given(
    parts=contributions,
    intercept=st.floats(-4, 4),
    calibration=st.sampled_from([PLATT, STEPS, Calibration(kind="sigmoid", slope=0.0, intercept=-1.0)]),
    scale=st.builds(
        lambda scale, low, width: change(POINTS, scale=scale, lowest=low, highest=low + width),
        st.integers(1, 500),
        st.integers(-10, 20),
        st.integers(0, 500),
    ),
)
def test_the_parts_sum_to_the_points(
    parts: np.ndarray, intercept: float, calibration: Calibration, scale: PointsScale
) -> None:
    probabilities = calibration.apply(intercept + parts.sum(axis=1))
    split = split_points(parts, intercept, calibration, scale)
    points = points_of(probabilities, scale)
    assert split.sum(axis=1).tolist() == points.tolist()
    assert ((points >= scale.lowest) & (points <= scale.highest)).all()
    assert split.shape == (len(parts), parts.shape[1] + 1)


def test_by_hand() -> None:
    """Average lead 0.5 of 40 points; ln 3 and ln 3 more make 0.9: 16 points more, in halves."""
    split = split_points(
        np.array([[np.log(3), np.log(3), 0.0]]),
        0.0,
        PLATT,
        change(POINTS, scale=40, highest=40),
    )
    assert split.tolist() == [[20, 8, 8, 0]]


def test_what_helps_is_not_shown_as_harm() -> None:
    split = split_points(np.array([[2.0, -1.0, -0.5]]), 0.0, PLATT, change(POINTS, scale=100, highest=100))[0]
    assert split[1] > 0 > split[2]
    assert split[3] < 0


def test_contributions_that_cancel_out_are_still_shown() -> None:
    split = split_points(np.array([[1.0, -1.0]]), 0.0, PLATT, change(POINTS, scale=40, highest=40))
    assert split.tolist() == [[20, 10, -10]]


@pytest.mark.parametrize(
    ("probability", "points"), [(0.0, 0), (0.0124, 0), (0.0125, 1), (0.42, 17), (1.0, 40)]
)
def test_points_are_scale_times_probability_rounded_half_up(probability: float, points: int) -> None:
    assert points_of(np.array([probability]), change(POINTS, scale=40, highest=40)).tolist() == [points]


def test_points_keep_within_the_bounds() -> None:
    held = points_of(np.array([0.0, 0.5, 1.0]), change(POINTS, scale=100, lowest=5, highest=60))
    assert held.tolist() == [5, 50, 60]
