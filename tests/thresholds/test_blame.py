"""Which of several changes the figures point to, by numbers worked out by hand."""

from datetime import UTC, date, datetime

import pytest

from leadops.thresholds.blame import MqlPeriod, ThresholdHarm, choose_reverted, compare_periods, find_harms
from leadops.thresholds.watched_changes import ThresholdDecision

from .conftest import load_quick_rules

SETTINGS = load_quick_rules().thresholds.rollback
#: Half the leads with as many SQLs were expected.
EXPECTED = {"factor": 2.0, "target": 240}


def test_twice_the_rate_was_expected() -> None:
    """Half the leads with as many SQLs: 10 % before should be 20 % after. 100 leads: noise 7.2 points."""
    before = MqlPeriod(leads=100, sqls=10, waited=0, wait_minutes=None)
    for sqls, is_worse in ((9, False), (8, True)):
        found = compare_periods(before, MqlPeriod(100, sqls, 0, None), SETTINGS, **EXPECTED)
        assert ("sqls" in found) is is_worse
    assert found == {"sqls": "8.0% of the MQLs became SQL, 20.0% was expected"}


@pytest.mark.parametrize(
    ("before", "after", "is_worse"),
    [(100, 239, False), (100, 241, True), (200, 299, False), (200, 301, True)],
)
def test_the_queue_is_worse_by_half_and_beyond_the_target(before, after, is_worse) -> None:
    found = compare_periods(MqlPeriod(0, 0, 30, before), MqlPeriod(0, 0, 30, after), SETTINGS, **EXPECTED)
    assert ("queue" in found) is is_worse


def test_a_few_leads_say_nothing() -> None:
    assert compare_periods(MqlPeriod(29, 29, 29, 1), MqlPeriod(500, 0, 500, 1e6), SETTINGS, **EXPECTED) == {}


@pytest.mark.parametrize(("before", "after", "is_worse"), [(30, 30, True), (30, 29, False), (29, 30, False)])
def test_a_change_is_evaluated_from_thirty_leads_on_both_sides(
    before: int, after: int, is_worse: bool
) -> None:
    found = compare_periods(
        MqlPeriod(before, before, before, 1), MqlPeriod(after, 0, after, 1e6), SETTINGS, **EXPECTED
    )
    assert set(found) == ({"queue", "sqls"} if is_worse else set())


def change(
    day: int, *, value: tuple[int, int] = (70, 70), sla: tuple[int, int] = (240, 240)
) -> ThresholdDecision:
    """A change that was to leave the rate of SQLs as it is."""
    forecast = {"leads": 100, "sqls": 40, "sla_minutes": sla[1]}
    facts = {"before": {"value": value[0], "sla_minutes": sla[0]}, "now": forecast, "then": forecast}
    at = datetime(2026, 6, day, 18, 30, tzinfo=UTC)
    return ThresholdDecision(date(2026, 6, day), at, "automatic", value[1], sla[1], facts, "")


BAD, HARMLESS = change(1, value=(70, 75)), change(4, value=(75, 76))
TARGET, BOTH = change(7, value=(75, 75), sla=(240, 120)), change(9, value=(75, 76), sla=(120, 60))


def find(changes: list[ThresholdDecision], *periods: tuple[int, int]) -> list[tuple[int, bool]]:
    """The days of the changes that are to blame, and whether it is for all the time since; (leads, SQLs)."""

    def measure(low: int, high: int) -> MqlPeriod:
        chosen = periods[low : high + 1]
        return MqlPeriod(sum(leads for leads, _ in chosen), sum(sqls for _, sqls in chosen), 0, None)

    return [(harm.changed_on.day, harm.is_span) for harm in find_harms(changes, measure, SETTINGS)]


@pytest.mark.parametrize(
    ("periods", "blamed"),
    [
        # 40 % before: the first is bad, and the second changes nothing.
        ([(280, 112), (30, 3), (60, 6)], [(1, False), (1, True)]),
        # Too few leads between the two: together.
        ([(280, 112), (29, 3), (60, 6)], [(1, True)]),
        # The second is bad. All the time since the first is bad too.
        ([(280, 112), (60, 24), (60, 6)], [(1, True), (4, False)]),
        # The second ended what the first had brought.
        ([(280, 112), (60, 6), (60, 24)], []),
        # Nobody knows yet whether it did.
        ([(280, 112), (60, 6), (29, 12)], [(1, False), (1, True)]),
        ([(280, 112), (60, 24), (60, 24)], []),
        ([(29, 12), (60, 6), (60, 6)], []),
    ],
)
def test_the_figures_point_to_a_change(
    periods: list[tuple[int, int]], blamed: list[tuple[int, bool]]
) -> None:
    assert find([BAD, HARMLESS], *periods) == blamed


def test_what_each_change_was_to_bring_adds_up() -> None:
    """Half the rate was expected of each of two changes: 40, 20 and 10 % are as they should be."""
    changes = [change(1, value=(70, 65)), change(4, value=(65, 60))]
    for lower in changes:
        lower.facts["then"] = lower.facts["then"] | {"sqls": 20}
    assert find(changes, (100, 40), (100, 20), (100, 10)) == []
    # 32 of 200 in all since the first: 15 % were expected; 2 of 100 since the second: 15.0 % were.
    assert find(changes, (100, 40), (100, 30), (100, 2)) == [(4, False)]


def blame(day: int, *, is_span: bool = False) -> ThresholdHarm:
    return ThresholdHarm(date(2026, 6, day), is_span, "sqls")


@pytest.mark.parametrize(
    ("changes", "harms", "reverted"),
    [
        ([BAD, HARMLESS], [blame(4), blame(1, is_span=True)], [4]),
        # The second step started from the first one.
        ([BAD, HARMLESS], [blame(1), blame(1, is_span=True)], [1, 4]),
        ([BAD, HARMLESS], [blame(1, is_span=True)], [1, 4]),
        ([BAD, TARGET], [blame(1)], [1]),
        ([BAD, TARGET], [blame(1, is_span=True)], [1, 7]),
        ([BAD, TARGET], [blame(7)], [7]),
        ([BAD, TARGET, BOTH], [blame(1)], [1, 9]),
        ([BAD, TARGET, BOTH], [blame(7)], [7, 9]),
        ([BAD, TARGET, BOTH], [blame(7, is_span=True)], [7, 9]),
        ([BAD, TARGET, BOTH], [blame(1), blame(7)], [1, 7, 9]),
        ([BAD, TARGET, BOTH], [], []),
    ],
)
def test_what_is_reverted(
    changes: list[ThresholdDecision], harms: list[ThresholdHarm], reverted: list[int]
) -> None:
    assert [change.day.day for change in choose_reverted(changes, harms)] == reverted
