from typing import Any


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
