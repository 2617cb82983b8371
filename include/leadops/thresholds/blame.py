"""Which of the changes that are watched made things worse: a pure function of the figures of each period."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import isinf, prod
from statistics import NormalDist
from typing import Any, NamedTuple

from leadops.thresholds.threshold_settings import RollbackSettings
from leadops.thresholds.watched_changes import ThresholdDecision


@dataclass(frozen=True)
class MqlPeriod:
    """MQLs of a period."""

    leads: int  # old enough to count as SQL or not
    sqls: int  # of them, within `lead_days`
    waited: int  # MQLs of which it is known how long they waited, or that they wait too long already
    wait_minutes: float | None  # their median; infinite: most of them wait still


#: Returns the figures of the time in which the first `low` to `high` (both included) changes were in force.
PeriodMeasure = Callable[[int, int], MqlPeriod]


class ThresholdHarm(NamedTuple):
    """What got worse with a change: in its own period, or in all the time since it."""

    changed_on: date
    is_span: bool  # all the time since it, with the changes that followed
    indicator: str  # `queue` or `sqls`


def find_harms(
    changes: Sequence[ThresholdDecision], measure: PeriodMeasure, settings: RollbackSettings
) -> dict[ThresholdHarm, str]:
    """Return what is worse since one of `changes` (the oldest first), in words.

    Each change is held against the time right before it, and so is all the time since it. What later
    changes have ended, by figures that are no longer worse, is left out.
    """
    harms: dict[ThresholdHarm, str] = {}
    newest = len(changes)
    for number, change in enumerate(changes, start=1):
        before = measure(number - 1, number - 1)

        def compare(
            low: int, high: int, *, number: int = number, before: MqlPeriod = before
        ) -> dict[str, str]:
            return compare_periods(
                before,
                measure(low, high),
                settings,
                factor=_expect_factor(changes, measure, first=number, low=low, high=high),
                target=changes[high - 1].facts["then"]["sla_minutes"],
            )

        ended: set[str] = set()
        if number < newest:
            later = measure(number + 1, newest)
            ended = find_known(before, later, settings) - set(compare(number + 1, newest))
        for is_span in (False, True) if number < newest else (False,):
            for indicator, words in compare(number, newest if is_span else number).items():
                if indicator not in ended:
                    harms[ThresholdHarm(change.day, is_span, indicator)] = words
    return harms


def choose_reverted(
    changes: Sequence[ThresholdDecision], harms: Sequence[ThresholdHarm]
) -> list[ThresholdDecision]:
    """Return which of `changes` to revert: those the figures point to, else all since the first harm.

    A later change of the same value started from the one that is reverted, and goes with it; a later change
    of the other value stays.
    """
    blamed = {harm.changed_on for harm in harms if not harm.is_span}
    if not blamed:
        first = min((harm.changed_on for harm in harms), default=date.max)
        return [change for change in changes if change.day >= first]
    reverted: list[ThresholdDecision] = []
    names: set[str] = set()
    for change in changes:
        changed = set(change.changed_values())
        if change.day in blamed or names & changed:
            reverted.append(change)
            names |= changed
    return reverted


def find_known(before: MqlPeriod, after: MqlPeriod, settings: RollbackSettings) -> set[str]:
    """Return the indicators of which both periods have enough MQLs."""
    known = {
        "queue": min(before.waited, after.waited) >= settings.min_leads,
        "sqls": min(before.leads, after.leads) >= settings.min_leads,
    }
    return {name for name, is_known in known.items() if is_known}


def compare_periods(
    before: MqlPeriod, after: MqlPeriod, settings: RollbackSettings, *, factor: float, target: float
) -> dict[str, str]:
    """Return what is worse in a period than before it, in words by indicator (`queue`, `sqls`).

    The rate of SQLs is held against what the change was to bring: the rate before it times `factor`, which
    was expected (a lower threshold lets in leads that become SQL less often). A one-sided test of two
    proportions, with the noise of both. The median wait is worse only above the SLA `target` in minutes.
    """
    worse: dict[str, str] = {}
    known = find_known(before, after, settings)
    if "queue" in known:
        was, waits = before.wait_minutes or 0.0, after.wait_minutes or 0.0
        if waits > max(was * settings.queue_times, target):
            worse["queue"] = f"the median wait is {_say(waits)}, it was {_say(was)}"
    if "sqls" in known:
        was_rate, rate = before.sqls / before.leads, after.sqls / after.leads
        expected = min(was_rate * factor, 1.0)
        noise = (
            was_rate * (1 - was_rate) * factor**2 / before.leads + expected * (1 - expected) / after.leads
        ) ** 0.5
        if rate < expected - NormalDist().inv_cdf(settings.confidence) * noise:
            worse["sqls"] = f"{rate:.1%} of the MQLs became SQL, {expected:.1%} was expected"
    return worse


def expect_factor(facts: dict[str, Any]) -> float:
    """Return by which factor the rate of SQLs was expected to change; `facts` are those of the change."""
    now, then = _rate(facts["now"]), _rate(facts["then"])
    return then / now if now else 1.0


def _expect_factor(
    changes: Sequence[ThresholdDecision], measure: PeriodMeasure, *, first: int, low: int, high: int
) -> float:
    """Return the factor since change `first`, averaged over the leads of periods `low` to `high`."""
    factors = [expect_factor(change.facts) for change in changes]
    expected = [prod(factors[first - 1 : number]) for number in range(low, high + 1)]
    leads = [measure(number, number).leads for number in range(low, high + 1)]
    if not sum(leads):
        return expected[-1]
    return sum(count * factor for count, factor in zip(leads, expected, strict=True)) / sum(leads)


def _say(minutes: float) -> str:
    return "without an end" if isinf(minutes) else f"{minutes:.0f} min"


def _rate(forecast: dict[str, float]) -> float:
    return forecast["sqls"] / forecast["leads"] if forecast["leads"] else 0.0
