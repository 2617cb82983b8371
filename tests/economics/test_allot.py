from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from leadops.economics.allot import allot

D = Decimal
AMOUNTS = st.decimals(min_value="-99999999", max_value="99999999", places=2)
WEIGHTS = st.dictionaries(st.text(max_size=3), st.integers(0, 10_000), max_size=8)


def test_the_unit_that_is_left_goes_to_the_largest_fraction() -> None:
    # 1.00 by 1 : 1 : 1 is 0.333… each: 0.33, and one unit left; among equals the first gets it.
    assert allot(D("1.00"), {"a": 1, "b": 1, "c": 1}) == {"a": D("0.34"), "b": D("0.33"), "c": D("0.33")}
    # 0.10 by 1 : 2 is 0.0333…, 0.0666…: the second fraction is larger.
    assert allot(D("0.10"), {"a": 1, "b": 2}) == {"a": D("0.03"), "b": D("0.07")}
    assert allot(D("-0.10"), {"a": 1, "b": 2}) == {"a": D("-0.03"), "b": D("-0.07")}
    assert allot(D(5), {"a": 0}) == {}


@given(AMOUNTS, WEIGHTS)
def test_the_parts_sum_to_the_amount_and_none_is_a_unit_off(amount: Decimal, weights: dict[str, int]) -> None:
    parts = allot(amount, weights)
    total = sum(weights.values())
    assert set(parts) == (set(weights) if total else set())
    if total:
        assert sum(parts.values()) == amount
        for key, part in parts.items():
            assert abs(part * total - amount * weights[key]) < D("0.01") * total
