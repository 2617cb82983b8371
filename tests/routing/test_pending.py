"""Live and backfill leads are counted apart, each by the salesperson's own day and the window."""

from datetime import UTC, datetime, timedelta

import pytest

from leadops.routing.decide_owner import RepLoad
from leadops.routing.pending import InboxCycle, PendingLead, RepLoads, list_pending_leads, read_loads
from leadops.routing.team import read_team
from tests.routing.conftest import START, TOKYO, Office, everybody


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


def test_on_a_day_of_25_hours_the_day_may_begin_before_the_window(office: Office) -> None:
    """In Berlin, 23:45 of the day on which summer time ends: midnight is 24 h 45 min ago."""
    office.rules = everybody(window_days=1)
    office.rep("a", zone="Europe/Berlin")
    now = datetime(2026, 10, 25, 22, 45, tzinfo=UTC)
    past_midnight = now - timedelta(hours=24, minutes=30)
    given(office, 1, (past_midnight - START) / timedelta(minutes=1))
    team = read_team(office.connection, rules=office.rules, zone=TOKYO)
    loads = read_loads(office.connection, team=team, rules=office.rules, now=now)
    assert loads.of(is_backfill=False)["a"] == RepLoad(1, 0, past_midnight)


def stage(office: Office, lead: int, name: str, minute: float, *, cycle: int = 1) -> None:
    office.connection.execute(
        "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
        " kpi_version) values (%s, %s, %s, %s, %s, '{}', 'v')",
        [lead, cycle, name, office.at(minute), office.at(minute)],
    )


def describe(office: Office, lead: int, cycle: int = 1) -> PendingLead:
    arrived = [InboxCycle(lead, cycle, is_breach=False, merge_number=None)]
    (pending,) = list_pending_leads(office.connection, arrived, now=START)
    return pending


def test_a_lead_with_further_stages_is_described_once_from_its_mql(office: Office) -> None:
    office.mql(1, -9)
    stage(office, 1, "sal", -5)
    found = describe(office, 1)
    assert (found.qualified_at, found.has_ended, found.member_ids) == (office.at(-9), False, [1])


@pytest.mark.parametrize("by_fact", [True, False])
def test_what_sales_ended_has_ended_whether_lifecycle_has_followed_or_not(
    office: Office, by_fact: bool
) -> None:
    office.mql(1)
    office.mql(2)
    if by_fact:
        office.did(1, "lost", 5)
    else:
        stage(office, 1, "lost", 5)
    assert describe(office, 1).has_ended
    assert not describe(office, 2).has_ended


def test_each_deal_of_a_person_has_its_own_end_and_its_own_owners(office: Office) -> None:
    """Lead 2's first deal is the person's first, its second the person's second; lead 1 has no deal."""
    for rep, cycle, minute in (("a", 1, -90), ("b", 2, -30)):
        office.mql(2, minute, cycle=cycle)
        office.connection.execute(
            "insert into routing.assignments (lead_id, cycle, number, rep_id, why, cause, is_backfill,"
            " assigned_at, waited_minutes, facts, passed_over, rules)"
            " values (2, %s, 1, %s, 'share', 'mql', false, %s, 0, '{}', '[]', 'h')",
            [cycle, rep, office.at(minute)],
        )
        office.connection.execute(
            "insert into lifecycle.person_cycles values (2, %(c)s, %(c)s)", {"c": cycle}
        )
    stage(office, 2, "lost", -60)
    office.lead(1)
    office.connection.execute("insert into identity.people values (1, 1), (2, 1)")
    first, second = describe(office, 1, 1), describe(office, 1, 2)
    assert (first.has_ended, first.previous_owners) == (True, ["a"])
    assert (second.has_ended, second.previous_owners) == (False, ["b"])
    assert first.member_ids == second.member_ids == [1, 2]
