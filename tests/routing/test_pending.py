"""Live and backfill leads are counted apart, each by the salesperson's own day and the window."""

from datetime import timedelta

from leadops.routing.decide_owner import RepLoad
from leadops.routing.pending import RepLoads, read_loads
from leadops.routing.team import read_team
from tests.routing.conftest import START, TOKYO, Office


def test_a_lead_counts_in_its_own_lane() -> None:
    loads = RepLoads({"a": RepLoad()}, {"a": RepLoad()})
    loads.add_lead("a", is_backfill=False, now=START)
    loads.add_lead("gone", is_backfill=False, now=START)
    assert loads.of(is_backfill=False) == {"a": RepLoad(1, 1, START)}
    assert loads.of(is_backfill=True) == {"a": RepLoad()}


def given(office: Office, lead: int, minute: float, *, is_backfill: bool = False) -> None:
    office.connection.execute(
        "insert into routing.assignments (lead_id, cycle, number, rep_id, why, cause, is_backfill,"
        " assigned_at, waited_minutes, facts, passed_over, rules)"
        " values (%s, 1, 1, 'a', 'share', 'mql', %s, %s, 0, '{}', '[]', 'h')",
        [lead, is_backfill, office.at(minute)],
    )


def test_the_day_counts_from_midnight_and_the_window_from_after_its_bound(office: Office) -> None:
    office.rep("a")
    office.rep("b")
    midnight, week = -600, -7 * 1440
    given(office, 1, midnight)
    given(office, 2, midnight - 0.01)
    given(office, 3, week)
    given(office, 4, week + 0.01)
    given(office, 5, -1, is_backfill=True)
    team = read_team(office.connection, rules=office.rules, zone=TOKYO)
    loads = read_loads(office.connection, team=team, rules=office.rules, now=START)
    assert loads.of(is_backfill=False)["a"] == RepLoad(1, 3, office.at(midnight))
    assert loads.of(is_backfill=True)["a"] == RepLoad(0, 1, START - timedelta(minutes=1))
    assert loads.of(is_backfill=False)["b"] == RepLoad()
