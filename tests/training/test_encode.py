import numpy as np
import pytest

from leadops.training.encode import column_names, learn_encodings, learn_standard, standardise
from tests.training.conftest import START, settings
from tests.training.matrices import category, matrix, number

SETTINGS = settings(min_count=2, max_categories=2)


def encode(columns: dict[str, object], size: int) -> tuple[list[str], np.ndarray]:
    rows = matrix(columns, np.zeros(size), start=START)  # type: ignore[arg-type]
    encodings = learn_encodings(rows, SETTINGS)
    return column_names(encodings), standardise(rows, encodings, learn_standard(rows, encodings))


def test_numbers_have_mean_nought_and_deviation_one_and_missing_is_the_mean() -> None:
    names, found = encode({"n": number([1, 3, np.nan, np.nan])}, 4)
    assert names == ["n", "n: missing"]
    assert found[:, 0] == pytest.approx([-1, 1, 0, 0], abs=0.01)
    assert found[:, 1] == pytest.approx([-1, -1, 1, 1])


def test_one_missing_number_has_no_column_of_its_own() -> None:
    assert encode({"n": number([1, 3, 5, np.nan])}, 4)[0] == ["n"]


def test_frequent_words_have_columns_and_rare_ones_share_one() -> None:
    words = ["a"] * 4 + ["b"] * 3 + ["c"] * 2 + ["d"] + [None] * 2
    names, found = encode({"c": category(words)}, len(words))
    assert names == ["c = a", "c = b", "c: any other", "c: missing"]
    marked = (found > 0).astype(int)
    assert marked.sum(axis=1).tolist() == [1] * 12
    assert marked[:, 2].nonzero()[0].tolist() == [7, 8, 9]


def test_what_says_nothing_is_left_out() -> None:
    columns = {"same": number([2, 2, 2]), "none": number([np.nan] * 3), "word": category(["a"] * 3)}
    assert encode(columns, 3)[0] == []


def test_one_absurd_value_is_held_within_the_others() -> None:
    values = np.append(np.arange(5000), 1e9)
    _, found = encode({"n": number(values)}, len(values))
    assert found[-1, 0] < 2


def test_log_shrinks_the_tail_and_keeps_the_sign() -> None:
    _, found = encode({"n": number([-99, 0, 99], log=True)}, 3)
    assert found[:, 0] == pytest.approx([-1.2247, 0, 1.2247], abs=0.01)


def test_numbers_are_held_within_the_thousandth_from_each_end() -> None:
    """Of 0 to 1000 the quantiles 0.001 and 0.999 are 1 and 999."""
    rows = matrix({"n": number(np.arange(1001))}, np.zeros(1001), start=START)
    (encoding,) = learn_encodings(rows, SETTINGS)
    assert (encoding.low, encoding.high) == pytest.approx((1, 999))


def test_a_value_and_the_rare_ones_have_columns_from_min_count_on() -> None:
    assert encode({"c": category(["a"] * 3 + ["b"] * 2 + ["c", "d"])}, 7)[0] == [
        "c = a",
        "c = b",
        "c: any other",
    ]
    assert encode({"c": category(["a"] * 3 + ["b"] * 2 + ["c"])}, 6)[0] == ["c = a", "c = b"]
