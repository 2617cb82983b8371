"""What probability a logit means, by hand: sigmoid(ln 3) is 3/4."""

import math

import numpy as np
import pytest

from leadops.training.calibration import Calibration, sigmoid
from leadops.training.fit import calibrate

LN3 = math.log(3)
#: Slope 2, intercept ln 3: a logit of 0 is 3/4, one of −ln 3 is sigmoid(−ln 3) = 1/4.
PLATT = Calibration(kind="sigmoid", slope=2.0, intercept=LN3)
STEPS = Calibration(kind="isotonic", logits=(-1.0, 1.0, 2.0), probabilities=(0.1, 0.5, 0.9))


def test_the_sigmoid_by_hand_and_without_overflow() -> None:
    values = np.array([-1000.0, -LN3, 0.0, LN3, 1000.0])
    assert sigmoid(values) == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_a_sigmoid_is_stretched_and_moved() -> None:
    logits = np.array([-LN3, -LN3 / 2, 0.0])
    assert PLATT.apply(logits) == pytest.approx([0.25, 0.5, 0.75])
    # The derivative of p is slope × p × (1 − p).
    assert PLATT.steepness(logits) == pytest.approx([2 * 3 / 16, 2 / 4, 2 * 3 / 16])


def test_steps_are_joined_by_lines_and_hold_beyond_their_ends() -> None:
    logits = np.array([-9.0, -1.0, 0.0, 1.0, 1.5, 2.0, 9.0])
    assert STEPS.apply(logits) == pytest.approx([0.1, 0.1, 0.3, 0.5, 0.7, 0.9, 0.9])
    assert STEPS.steepness(logits) == pytest.approx([0] * 7)


def test_without_numbers_a_logit_means_its_own_sigmoid() -> None:
    assert Calibration(kind="sigmoid").apply(np.array([LN3])) == pytest.approx([0.75])


def test_steps_are_those_of_least_squares() -> None:
    """Outcomes 0, 1, 0, 1, 1 by rising logit: the second and third are levelled to 1/2."""
    logits = np.array([4.0, 1.0, 3.0, 2.0, 5.0])
    reached = np.array([1, 0, 0, 1, 1], dtype=np.int8)
    fitted = calibrate(logits, reached, kind="isotonic")
    assert fitted.apply(np.array([1.0, 2.0, 2.5, 3.0, 4.0, 5.0])) == pytest.approx([0, 0.5, 0.5, 0.5, 1, 1])


def test_a_sigmoid_of_two_logits_meets_platts_targets() -> None:
    """Two logits, two unknowns: the fit is exact. Of ten leads four reached the goal.

    Platt's targets are 5/6 and 1/8. At logit 0 one of five reached it: (5/6 + 4/8) / 5 = 4/15. At logit 1
    three of five: (3 × 5/6 + 2/8) / 5 = 11/20.
    """
    logits = np.repeat([0.0, 1.0], 5)
    reached = np.array([1, 0, 0, 0, 0, 1, 1, 1, 0, 0], dtype=np.int8)
    fitted = calibrate(logits, reached, kind="sigmoid")
    assert fitted.kind == "sigmoid"
    assert fitted.apply(np.array([0.0, 1.0])) == pytest.approx([4 / 15, 11 / 20], rel=1e-5)


def test_a_logit_that_points_the_wrong_way_says_only_the_rate() -> None:
    """The same outcomes at turned logits: the mean of the targets, (4/15 + 11/20) / 2."""
    logits = np.repeat([1.0, 0.0], 5)
    reached = np.array([1, 0, 0, 0, 0, 1, 1, 1, 0, 0], dtype=np.int8)
    fitted = calibrate(logits, reached, kind="sigmoid")
    assert fitted.slope == 0
    assert fitted.apply(np.array([-5.0, 5.0])) == pytest.approx([49 / 120, 49 / 120])
