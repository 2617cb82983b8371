from typing import Any

import pytest

from leadops.sla.median import MedianMeasure, decide_median_state
from tests.shipped import SHIPPED, change


def contact(desk: Any, lead: int, start: float, after: float) -> None:
    """A lead of a slow tier that is taken and contacted so many minutes after its MQL."""
    desk.mql(lead, start, total=50)
    desk.did(lead, start + after, "status", "taken")
    desk.did(lead, start + after)


def test_the_median_has_a_row_of_its_own_and_recovers(desk: Any) -> None:
    for lead in range(1, 5):
        contact(desk, lead, 0, 130)
    desk.watch(140)
    assert desk.state(0, "median_to_sal", 0) is None, "four leads say nothing"
    contact(desk, 5, 0, 150)
    desk.watch(150)
    found = desk.breach(0, "median_to_sal", 0)
    assert (found["state"], found["minutes"], found["target"]) == ("breached", 130, 120)
    assert (found["started_at"], found["evidence"]) == (desk.at(150), {"leads": 5, "window_days": 7})
    for lead in range(6, 12):
        contact(desk, lead, 150, 5)
    desk.watch(160)
    found = desk.breach(0, "median_to_sal", 0)
    assert (found["state"], found["stopped_at"]) == ("met", desk.at(160))


def test_near_its_target_it_is_at_risk(desk: Any) -> None:
    for lead in range(1, 6):
        contact(desk, lead, 0, 100)
    desk.watch(100)
    assert desk.state(0, "median_to_sal", 0) == "at_risk"


def test_old_leads_leave_the_window(desk: Any) -> None:
    for lead in range(1, 6):
        contact(desk, lead, 0, 130)
    desk.watch(130)
    desk.watch(130 + 7 * 24 * 60)
    assert desk.state(0, "median_to_sal", 0) == "met"


@pytest.mark.parametrize(
    ("minute", "leads"), [(130, 1), (131, 5), (7 * 24 * 60 + 129, 5), (7 * 24 * 60 + 130, 4)]
)
def test_the_window_ends_now_and_begins_after_the_moment_seven_days_ago(
    desk: Any, minute: int, leads: int
) -> None:
    """One lead is done at minute 130, four at 131; what is done after `now` does not count yet."""
    for lead in range(1, 6):
        contact(desk, lead, 0, 130 if lead == 1 else 131)
    desk.policy = change(desk.policy, median={"min_leads": 1})
    desk.watch(131)  # the stops are on record
    desk.watch(minute, qualify=False)
    assert desk.breach(0, "median_to_sal", 0)["evidence"]["leads"] == leads


def test_only_leads_that_were_taken_and_contacted_count(desk: Any) -> None:
    for lead in range(1, 5):
        contact(desk, lead, 0, 130)
    desk.mql(5, 0, total=50)
    desk.did(5, 130, "status", "lost")
    desk.watch(140)
    assert desk.state(0, "median_to_sal", 0) is None, "four leads say nothing, whatever else stopped"


def test_a_late_feed_accuses_nobody_and_takes_nothing_back(desk: Any) -> None:
    for lead in range(1, 6):
        contact(desk, lead, 0, 130)
    desk.watch(150, feed=140)
    assert desk.state(0, "median_to_sal", 0) == "held"
    desk.watch(151)
    assert desk.state(0, "median_to_sal", 0) == "breached"
    for lead in range(6, 12):
        contact(desk, lead, 150, 5)
    desk.watch(170, feed=152)
    assert desk.state(0, "median_to_sal", 0) == "breached"


@pytest.mark.parametrize(
    ("leads", "minutes", "before", "is_feed_late", "state"),
    [
        # The target is 120 minutes, the warning part 0.8, at least 5 leads.
        (5, 95.9, "met", False, "met"),
        (5, 96.0, "met", False, "at_risk"),
        (5, 120.0, "met", False, "at_risk"),
        (5, 120.1, "met", False, "breached"),
        (4, 500.0, "met", False, "met"),
        (4, 500.0, "breached", False, "met"),
        (0, None, "met", False, "met"),
        (5, 120.1, "met", True, "held"),
        (5, 96.0, "met", True, "held"),
        (5, 95.9, "met", True, "met"),
        (5, 120.1, "held", True, "held"),
        (5, 95.9, "held", True, "held"),
        (5, 120.1, "held", False, "breached"),
        (5, 95.9, "breached", True, "breached"),
        (5, 100.0, "breached", True, "breached"),
        (5, 100.0, "breached", False, "at_risk"),
        (5, 120.1, "at_risk", True, "at_risk"),
        (5, 95.9, "breached", False, "met"),
    ],
)
def test_its_state_at_each_bound(
    leads: int, minutes: float | None, before: str, is_feed_late: bool, state: str
) -> None:
    policy = SHIPPED.sla
    measure = MedianMeasure(leads, minutes)
    assert decide_median_state(measure, before, policy=policy, is_feed_late=is_feed_late) == state
