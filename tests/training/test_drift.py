import math

import numpy as np
import pytest

from leadops.training.drift import describe_distribution, find_rate_change, stability_index
from tests.training.conftest import START
from tests.training.matrices import category, matrix, number


def test_nothing_changed_is_zero() -> None:
    rows = matrix(
        {"n": number(np.arange(100)), "c": category(["a", "b", None, "a"] * 25)}, np.zeros(100), start=START
    )
    assert stability_index(rows, describe_distribution(rows, ["n", "c"])) == {"n": 0.0, "c": 0.0}


def test_by_hand() -> None:
    """Half a, half b; now four fifths a: 0.3 ln 1.6 + (−0.3) ln 0.4."""
    before = matrix({"c": category(["a"] * 5 + ["b"] * 5)}, np.zeros(10), start=START)
    now = matrix({"c": category(["a"] * 8 + ["b"] * 2)}, np.zeros(10), start=START)
    found = stability_index(now, describe_distribution(before, ["c"]))
    assert found["c"] == pytest.approx(0.3 * math.log(1.6) - 0.3 * math.log(0.4))


def test_going_missing_is_a_drift_too() -> None:
    before = matrix({"n": number(np.arange(100))}, np.zeros(100), start=START)
    now = matrix({"n": number([np.nan] * 50 + list(range(50, 100)))}, np.zeros(100), start=START)
    assert stability_index(now, describe_distribution(before, ["n"]))["n"] > 1


def test_words_are_compared_by_what_they_are() -> None:
    before = matrix({"c": category(["a", "b"] * 5)}, np.zeros(10), start=START)
    now = matrix({"c": category(["b", "c"] * 5)}, np.zeros(10), start=START)
    assert stability_index(now, describe_distribution(before, ["c"]))["c"] > 1


def test_the_bins_are_tenths_and_an_edge_belongs_to_the_lower_one() -> None:
    """0 to 100: edges 10, 20 … 90; eleven numbers up to 10, ten in each other bin, nothing missing."""
    rows = matrix({"n": number(np.arange(101))}, np.zeros(101), start=START)
    described = describe_distribution(rows, ["n"])["n"]
    assert described["bins"] == pytest.approx([10 * edge for edge in range(1, 10)])
    assert described["shares"] == pytest.approx([11 / 101] + [10 / 101] * 9 + [0])


def test_an_empty_bin_counts_as_a_ten_thousandth() -> None:
    """All a before, all b now: twice (1 − 0.0001) · ln 10000."""
    before = matrix({"c": category(["a"] * 10)}, np.zeros(10), start=START)
    now = matrix({"c": category(["b"] * 10)}, np.zeros(10), start=START)
    found = stability_index(now, describe_distribution(before, ["c"]))
    assert found["c"] == pytest.approx(2 * (1 - 1e-4) * math.log(1e4))


@pytest.mark.parametrize(
    ("good", "words"),
    [
        # 10 of 100 before. Pooled (10 + good) / 200; the error at 20 is 0.05050, and 0.10 is 1.98 of them.
        (20, "the rate of the goal went from 10.0% in the training weeks to 20.0% in the test weeks"),
        (19, None),  # 0.09 is 1.81 errors
        (2, "the rate of the goal went from 10.0% in the training weeks to 2.0% in the test weeks"),
        (10, None),
    ],
)
def test_a_rate_that_moves_beyond_noise_is_reported(good: int, words: str | None) -> None:
    before, after = (np.repeat([1, 0], [count, 100 - count]).astype(np.int8) for count in (10, good))
    assert find_rate_change(before, after, confidence=0.95) == words


def test_a_rate_of_none_or_all_does_not_move() -> None:
    nobody = np.zeros(50, np.int8)
    assert find_rate_change(nobody, nobody, confidence=0.95) is None
