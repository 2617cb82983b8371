import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.apportion import apportion


def share(totals: list[int], weights: list[float], of: list[int]) -> list[int]:
    parts = apportion(np.array(totals, dtype=np.int64), np.array(weights), np.array(of, dtype=np.int64))
    return [int(part) for part in parts]


def test_what_is_left_over_goes_to_the_largest_remainder_then_to_the_first() -> None:
    assert share([1000], [1 / 3, 1 / 3, 1 / 3], [0, 0, 0]) == [334, 333, 333]
    assert share([1000], [0.3333, 0.3333, 0.3334], [0, 0, 0]) == [333, 333, 334]
    assert share([1003], [0.4, 0.1, 0.1, 0.4], [0, 0, 0, 0]) == [401, 101, 100, 401]
    assert share([10, 7, 1], [0.5, 0.5, 1.0, 0.5, 0.5], [0, 0, 1, 2, 2]) == [5, 5, 7, 1, 0]
    assert share([], [], []) == []


def test_a_negative_total_is_shared_too() -> None:
    assert share([-1000], [1 / 3, 1 / 3, 1 / 3], [0, 0, 0]) == [-333, -333, -334]


@given(
    st.lists(
        st.tuples(st.integers(-(10**18), 10**18), st.lists(st.floats(0.001, 1000), min_size=1, max_size=6)),
        min_size=1,
        max_size=8,
    )
)
@settings(deadline=None)
def test_the_parts_sum_to_the_whole_exactly(cases: list[tuple[int, list[float]]]) -> None:
    totals = [total for total, _ in cases]
    of = [number for number, (_, raw) in enumerate(cases) for _ in raw]
    weights = [one / sum(raw) for _, raw in cases for one in raw]
    parts = share(totals, weights, of)
    for number, total in enumerate(totals):
        assert sum(part for part, owner in zip(parts, of, strict=True) if owner == number) == total


@given(st.integers(0, 10**9), st.lists(st.floats(0.001, 1000), min_size=1, max_size=6))
@settings(deadline=None)
def test_no_part_is_a_whole_unit_away_from_its_share(total: int, raw: list[float]) -> None:
    weights = [one / sum(raw) for one in raw]
    for part, weight in zip(share([total], weights, [0] * len(raw)), weights, strict=True):
        assert abs(part - total * weight) < 1 + 1e-6


def share_exactly(total: int, weights: list[int]) -> list[int]:
    of = np.zeros(len(weights), dtype=np.int64)
    return [int(part) for part in apportion(np.array([total]), np.array(weights, dtype=np.int64), of)]


def test_whole_weights_need_not_sum_to_one() -> None:
    assert share_exactly(100, [1, 1, 1]) == [34, 33, 33]
    assert share_exactly(10, [1, 2]) == [3, 7]  # 3.33 and 6.67: the second remainder is larger
    assert share_exactly(10, [0, 5, 0]) == [0, 10, 0]


@given(st.integers(0, 10**18), st.lists(st.integers(0, 10**8), min_size=1, max_size=8))
@settings(deadline=None)
def test_whole_weights_are_exact_whatever_the_total(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    if not whole:
        return
    parts = share_exactly(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total * weight) < whole
