"""Lift with its interval: values of the literature, exact coverage and exact power."""

from collections.abc import Iterator
from math import comb, inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.nurture.lift_estimate import (
    ArmCount,
    LiftTarget,
    RateInterval,
    compare_rates,
    count_people_needed,
    estimate_lift,
    find_wilson,
)

TARGET = LiftTarget(smallest_ratio=1.5, power=0.8)
NOBODY = ArmCount(0, 0)


@pytest.mark.parametrize(
    ("members", "held_out", "low", "high"),
    [
        # Newcombe 1998, table II, method 10, and statsmodels 0.14: confint_proportions_2indep, "newcomb".
        (ArmCount(70, 56), ArmCount(80, 48), 0.0524, 0.3339),
        (ArmCount(10, 9), ArmCount(10, 3), 0.1705, 0.8090),
        (ArmCount(56, 5), ArmCount(29, 0), -0.0381, 0.1926),
        (ArmCount(10, 10), ArmCount(20, 0), 0.6791, 1.0),
        # statsmodels alone.
        (ArmCount(2000, 120), ArmCount(200, 8), -0.0182, 0.0426),
        (ArmCount(400, 0), ArmCount(40, 0), -0.0876, 0.0095),
    ],
)
def test_the_interval_of_the_difference(
    members: ArmCount, held_out: ArmCount, low: float, high: float
) -> None:
    difference, _ = compare_rates(members, held_out)
    assert difference.value == members.sqls / members.people - held_out.sqls / held_out.people
    assert round_all(difference)[1:] == (low, high)


def test_the_interval_of_the_ratio() -> None:
    # By hand: p = 0.8 and q = 0.6 with the Wilson limits 0.69183, 0.87695, 0.49045, 0.70038.
    # Lower limit: (0.36 - 0.10038²) r² - 0.96 r + 0.64 - 0.10817² = 0, r = 1.0783.
    # Upper limit: (0.36 - 0.10955²) r² - 0.96 r + 0.64 - 0.07695² = 0, r = 1.6629.
    _, ratio = compare_rates(ArmCount(70, 56), ArmCount(80, 48))
    assert round_all(ratio) == (1.3333, 1.0783, 1.6629)


def test_a_hold_out_without_an_sql_leaves_the_ratio_open_upwards() -> None:
    # By hand: q = 0 and its upper limit 0.11697; p = 0.089286 and its lower limit 0.038742.
    # r = sqrt(p² - (p - 0.038742)²) / 0.11697 = 0.073603 / 0.11697.
    _, ratio = compare_rates(ArmCount(56, 5), ArmCount(29, 0))
    assert round_all(ratio) == (None, 0.6292, None)


def test_an_empty_arm_says_nothing() -> None:
    assert compare_rates(ArmCount(10, 1), NOBODY) == ((None, None, None), (None, None, None))
    assert compare_rates(NOBODY, ArmCount(10, 1)) == ((None, None, None), (None, None, None))


@st.composite
def arms(draw: st.DrawFn) -> ArmCount:
    """Return an arm with people."""
    people = draw(st.integers(1, 500))
    return ArmCount(people, draw(st.integers(0, people)))


@given(members=arms(), held_out=arms())
def test_both_intervals_hold_their_value_and_agree(members: ArmCount, held_out: ArmCount) -> None:
    intervals = compare_rates(members, held_out)
    (difference, low, high), (ratio, ratio_low, ratio_high) = map(as_numbers, intervals)
    assert -1 - 1e-12 <= low <= difference <= high <= 1 + 1e-12
    if ratio < inf:
        assert ratio_low - 1e-12 <= ratio <= ratio_high + 1e-12
    if not any(isclose(limit, 0, abs_tol=1e-12) for limit in (low, high)):
        assert (low > 0, high < 0) == (ratio_low > 1, ratio_high < 1)


WORLDS = [(120, 0.15, 40, 0.08), (200, 0.05, 30, 0.05)]


@pytest.mark.parametrize(("members", "rate", "held_out", "base"), WORLDS)
def test_the_intervals_cover_the_truth_in_95_of_100_worlds(
    members: int, rate: float, held_out: int, base: float
) -> None:
    """All worlds with their probabilities: nothing is drawn."""
    covered_difference = covered_ratio = 0.0
    for chance, one, other in list_worlds(members, rate, held_out, base):
        (_, low, high), (_, ratio_low, ratio_high) = map(as_numbers, compare_rates(one, other))
        covered_difference += chance * (low <= rate - base <= high)
        covered_ratio += chance * (ratio_low <= rate / base <= ratio_high)
    assert 0.94 < covered_difference < 0.975
    assert 0.94 < covered_ratio < 0.975


def test_the_people_needed() -> None:
    # The textbook's 10 % against 15 %: 686 in each of two arms of one size (Fleiss 2003, without the
    # correction). All together have 12.5 %.
    assert count_people_needed(ArmCount(800, 100), NOBODY, share=0.5, target=TARGET) == 2 * 686
    # A tenth is held out: the rate of all is 0.9 * 15 % + 0.1 * 10 % = 14.5 %. By hand:
    # 1.959964 * sqrt(0.145 * 0.855 * (1 / 0.1 + 1 / 0.9)) = 2.300349
    # 0.841621 * sqrt(0.1 * 0.9 / 0.1 + 0.15 * 0.85 / 0.9) = 0.858976
    # ((2.300349 + 0.858976) / 0.05)² = 3,992.5
    assert count_people_needed(ArmCount(900, 130), ArmCount(100, 15), share=0.1, target=TARGET) == 3993


def test_how_the_arms_compare_so_far_does_not_change_the_people_needed() -> None:
    one = count_people_needed(ArmCount(900, 145), ArmCount(100, 0), share=0.1, target=TARGET)
    other = count_people_needed(ArmCount(900, 100), ArmCount(100, 45), share=0.1, target=TARGET)
    assert one == other == 3993


def test_with_the_people_needed_the_lift_is_found_with_the_power() -> None:
    """The exact chance that the interval is above 0, over all worlds of a programme of the needed size."""
    base, raised, share = 0.2, 0.4, 0.25
    everybody = ArmCount(1000, round(1000 * (share * base + (1 - share) * raised)))
    needed = count_people_needed(everybody, NOBODY, share=share, target=LiftTarget(2, 0.8))
    assert needed is not None
    held_out = round(needed * share)
    found = 0.0
    for chance, one, other in list_worlds(needed - held_out, raised, held_out, base):
        difference, _ = compare_rates(one, other)
        found += chance * (as_numbers(difference)[1] > 0)
    assert 0.76 < found < 0.86


def test_no_number_of_people_shows_what_cannot_be() -> None:
    assert count_people_needed(ArmCount(100, 10), NOBODY, share=0, target=TARGET) is None
    assert count_people_needed(ArmCount(100, 10), NOBODY, share=1, target=TARGET) is None
    assert count_people_needed(NOBODY, NOBODY, share=0.1, target=TARGET) is None
    assert count_people_needed(ArmCount(100, 99), NOBODY, share=0.1, target=TARGET) is None


def test_without_an_sql_the_people_needed_are_a_lower_bound() -> None:
    few = count_people_needed(ArmCount(90, 0), ArmCount(10, 0), share=0.1, target=TARGET)
    many = count_people_needed(ArmCount(900, 0), ArmCount(100, 0), share=0.1, target=TARGET)
    assert few is not None
    assert many is not None
    assert few < many


@pytest.mark.parametrize(
    ("members", "held_out", "share", "verdict"),
    [
        (ArmCount(900, 130), ArmCount(100, 15), 0.1, "too_early"),  # 1,000 of 3,993
        (ArmCount(8000, 1200), ArmCount(1000, 100), 0.1, "higher"),
        (ArmCount(8000, 800), ArmCount(1000, 150), 0.1, "lower"),
        (ArmCount(8000, 960), ArmCount(1000, 120), 0.1, "no_difference"),
        (ArmCount(8000, 960), NOBODY, 0.0, "no_hold_out"),
        (ArmCount(8000, 960), NOBODY, 0.1, "too_early"),  # enough people, but none of them is held out
        (NOBODY, NOBODY, 0.1, "too_early"),
        (ArmCount(40, 40), ArmCount(20, 0), 0.3, "too_early"),  # however clear it looks so far
    ],
)
def test_the_verdict(members: ArmCount, held_out: ArmCount, share: float, verdict: str) -> None:
    assert estimate_lift(members, held_out, share=share, target=TARGET).verdict == verdict


def test_wilson() -> None:
    # Newcombe 1998 on single proportions, table I, method 3: 81 of 263 and 0 of 20.
    assert [round(limit, 4) for limit in find_wilson(ArmCount(263, 81))] == [0.3080, 0.2553, 0.3662]
    assert [round(limit, 4) for limit in find_wilson(ArmCount(20, 0))] == [0.0, 0.0, 0.1611]
    assert find_wilson(ArmCount(20, 20))[2] == 1


def list_worlds(
    members: int, rate: float, held_out: int, base: float
) -> Iterator[tuple[float, ArmCount, ArmCount]]:
    """Yield each result that two arms can have, after its probability."""
    for sqls in range(members + 1):
        for base_sqls in range(held_out + 1):
            chance = find_chance(members, sqls, rate) * find_chance(held_out, base_sqls, base)
            if chance > 1e-9:
                yield chance, ArmCount(members, sqls), ArmCount(held_out, base_sqls)


def find_chance(people: int, sqls: int, rate: float) -> float:
    """Return the binomial probability."""
    return comb(people, sqls) * rate**sqls * (1 - rate) ** (people - sqls)


def as_numbers(interval: RateInterval) -> tuple[float, float, float]:
    """Return value and limits, infinity where there is none."""
    value, low, high = (inf if number is None else number for number in interval)
    return value, low, high


def round_all(interval: RateInterval) -> tuple[float | None, ...]:
    """Return value and limits, rounded."""
    return tuple(None if number is None else round(number, 4) for number in interval)
