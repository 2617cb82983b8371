"""What a programme adds to the rate of SQLs, with intervals, and how many people it takes to tell."""

from dataclasses import dataclass
from math import ceil, inf, sqrt
from statistics import NormalDist
from typing import Literal, NamedTuple

#: Of every interval.
CONFIDENCE = 0.95

_NORMAL = NormalDist()

#: no_hold_out: nothing to compare. too_early: fewer people than it takes to show the smallest lift of use.
#: After that: higher or lower, the interval of the difference is on one side of 0; no_difference: it is not.
LiftVerdict = Literal["no_hold_out", "too_early", "higher", "lower", "no_difference"]


class ArmCount(NamedTuple):
    """People of one arm whose window is over, and how many of them became SQL within it."""

    people: int
    sqls: int

    @property
    def rate(self) -> float | None:
        """The share that became SQL; None without people."""
        return self.sqls / self.people if self.people else None


class RateInterval(NamedTuple):
    """A value and its interval; None: there is none, `high` also where the interval is open upwards."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class LiftTarget:
    """The lift that a programme should be able to show, and how surely."""

    smallest_ratio: float  # rate of members divided by that of the hold-out, over 1
    power: float  # how likely a lift of that size is to be found


@dataclass(frozen=True)
class LiftEstimate:
    """Members against hold-out."""

    difference: RateInterval  # of the rates: members minus hold-out
    ratio: RateInterval  # of the rates: members divided by hold-out
    people_needed: int | None  # in both arms together; None: no share of them can show it
    verdict: LiftVerdict


def estimate_lift(members: ArmCount, held_out: ArmCount, *, share: float, target: LiftTarget) -> LiftEstimate:
    """Compare the rates of the two arms of a programme with the hold-out `share` (from 0 to 1)."""
    needed = count_people_needed(members, held_out, share=share, target=target)
    difference, ratio = compare_rates(members, held_out)
    verdict: LiftVerdict
    if not 0 < share < 1:
        verdict = "no_hold_out"
    elif needed is None or members.people + held_out.people < needed:
        verdict = "too_early"
    elif difference.low is None or difference.high is None:
        verdict = "too_early"  # the draw left one of the arms empty
    elif difference.low > 0:
        verdict = "higher"
    elif difference.high < 0:
        verdict = "lower"
    else:
        verdict = "no_difference"
    return LiftEstimate(difference, ratio, needed, verdict)


def compare_rates(members: ArmCount, held_out: ArmCount) -> tuple[RateInterval, RateInterval]:
    """Return the difference and the ratio of the rates with their intervals.

    Both come from the Wilson intervals of the two rates (Newcombe 1998, method 10; Donner and Zou 2012 for
    the ratio). They hold for few people and for rates of 0, and they agree: 0 is outside of the one exactly
    if 1 is outside of the other.
    """
    if members.rate is None or held_out.rate is None:
        return RateInterval(None, None, None), RateInterval(None, None, None)
    (p, low, high), (q, q_low, q_high) = find_wilson(members), find_wilson(held_out)
    difference_low = p - q - sqrt((p - low) ** 2 + (q_high - q) ** 2)
    difference_high = p - q + sqrt((high - p) ** 2 + (q - q_low) ** 2)
    # The limits are the ratios r at which the limit of p - r * q is 0.
    ratio_low = _solve_ratio(p, p - low, q, q_high - q, upper=False)
    ratio_high = _solve_ratio(p, high - p, q, q - q_low, upper=True)
    return (
        RateInterval(p - q, difference_low, difference_high),
        RateInterval(p / q if q else None, ratio_low, None if ratio_high == inf else ratio_high),
    )


def find_wilson(arm: ArmCount) -> tuple[float, float, float]:
    """Return the rate of an arm with people and its interval (Wilson 1927)."""
    people, rate, z = arm.people, arm.sqls / arm.people, -_NORMAL.inv_cdf((1 - CONFIDENCE) / 2)
    middle = (rate + z * z / (2 * people)) / (1 + z * z / people)
    reach = z * sqrt(rate * (1 - rate) / people + (z / (2 * people)) ** 2) / (1 + z * z / people)
    # At the ends rounding must not leave a limit that is nearly 0 or 1: the ratio divides by it.
    return rate, middle - reach if arm.sqls else 0.0, middle + reach if arm.sqls < people else 1.0


def count_people_needed(
    members: ArmCount, held_out: ArmCount, *, share: float, target: LiftTarget
) -> int | None:
    """Return how many people both arms need together to show the smallest lift of `target`.

    The rate that the programme starts from is derived from the rate of all people together, so that the
    number does not depend on how the arms compare so far. While nobody became SQL, it is the upper limit of
    that rate, and the number is a lower bound. None: no number shows it (no hold-out, nobody yet, or the
    rate cannot rise that much).
    """
    everybody = ArmCount(members.people + held_out.people, members.sqls + held_out.sqls)
    if not 0 < share < 1 or not everybody.people:
        return None
    rate, _, high = find_wilson(everybody)
    base = (rate or high) / (share + (1 - share) * target.smallest_ratio)
    raised = base * target.smallest_ratio
    if raised >= 1:
        return None
    pooled = share * base + (1 - share) * raised
    # The normal approximation for two rates with arms of different size (Fleiss 2003, section 4).
    null_spread = sqrt(pooled * (1 - pooled) * (1 / share + 1 / (1 - share)))
    spread = sqrt(base * (1 - base) / share + raised * (1 - raised) / (1 - share))
    reach = _NORMAL.inv_cdf((1 + CONFIDENCE) / 2) * null_spread + _NORMAL.inv_cdf(target.power) * spread
    return ceil((reach / (raised - base)) ** 2)


def _solve_ratio(p: float, p_side: float, q: float, q_side: float, *, upper: bool) -> float:
    """Return the ratio r at which p - r * q is as far from 0 as sqrt(p_side² + r² * q_side²)."""
    # (q² - q_side²) r² - 2 p q r + (p² - p_side²) = 0
    a, half_b, c = q * q - q_side * q_side, p * q, p * p - p_side * p_side
    root = sqrt(max(half_b * half_b - a * c, 0.0))
    if upper:
        return (half_b + root) / a if a > 0 else inf
    # The lesser root in a form that also holds where a is 0 or below: there the line falls through one limit.
    return max(c, 0.0) / (half_b + root) if half_b + root else 0.0
