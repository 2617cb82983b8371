"""Joined leads have one place, nobody is assigned anew, and a split puts everything back."""

from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.promises import promise_examples
from tests.routing.conftest import Office

LEADS = (1, 2, 3)


def group(office: Office, persons: dict[int, int]) -> None:
    """Say whose each lead is, and wake routing as lifecycle does."""
    office.connection.execute("truncate identity.people")
    several = {person for person in persons.values() if list(persons.values()).count(person) > 1}
    for lead, person in persons.items():
        if person in several:
            office.connection.execute("insert into identity.people values (%s, %s)", [lead, person])
    for lead in LEADS:
        office.lead(lead)
        for cycle in (1, 2):
            office.wake(lead, cycle, "merge")


def places(office: Office) -> list[tuple[object, ...]]:
    found = office.connection.execute(
        "select lead_id, cycle, state, rep_id, queue, qualified_at, since, moves from routing.leads"
        " order by 1, 2"
    ).fetchall()
    office.connection.commit()
    return found


@settings(
    max_examples=promise_examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    mqls=st.dictionaries(st.tuples(st.sampled_from(LEADS), st.integers(1, 2)), st.integers(0, 9), min_size=1),
    joins=st.lists(
        st.sampled_from([{1: 1, 2: 1, 3: 3}, {1: 1, 2: 2, 3: 2}, {1: 1, 2: 2, 3: 1}, {1: 1, 2: 1, 3: 1}]),
        min_size=1,
        max_size=3,
    ),
    reps=st.integers(0, 2),
    is_assigned=st.booleans(),
)
@example(mqls={(3, 1): 0}, joins=[{1: 1, 2: 2, 3: 2}, {1: 1, 2: 1, 3: 3}], reps=0, is_assigned=False)
def test_join_and_split_leave_every_place_as_it_was(
    office: Office,
    mqls: dict[tuple[int, int], int],
    joins: list[dict[int, int]],
    reps: int,
    is_assigned: bool,
) -> None:
    office.clear()
    office.connection.execute("truncate identity.people, routing.set_aside, lifecycle.person_cycles")
    for name in "ab"[:reps]:
        office.rep(name)
    for (lead, cycle), minute in mqls.items():
        office.mql(lead, minute, cycle=cycle)
    minutes = count(20)
    if is_assigned:
        office.assign(next(minutes))
    before = places(office)
    for persons in joins:
        group(office, persons)
        office.assign(next(minutes))
        wanted = {(persons[lead], cycle) for lead, cycle in mqls}
        assert {row[:2] for row in places(office)} == wanted
    group(office, {lead: lead for lead in LEADS})
    office.assign(next(minutes))
    if is_assigned:
        assert places(office) == before
        assert office.rows("select count(*) from routing.assignments") == [(len(before),)]
    assert {row[:2] for row in places(office)} == set(mqls)
    assert office.rows("select count(*) from routing.set_aside") == [(0,)]


def past(office: Office, lead: int, *stages: str) -> None:
    """Import stages of the lead's first cycle."""
    for stage in stages:
        office.connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " kpi_version) values (%s, 1, %s, %s, %s, %s, 'v')",
            [lead, stage, office.at(-99), office.at(-9), Jsonb({"backfill": True, "imported": "deals.csv"})],
        )


def test_a_join_gives_nobody_an_imported_deal(office: Office) -> None:
    office.rep("a")
    past(office, 1, "mql", "won")
    past(office, 3, "mql")
    group(office, {1: 1, 2: 1, 3: 3})
    office.assign(10)
    assert places(office) == []
    assert office.wanted() == []


def test_the_live_mql_of_who_was_imported_too_keeps_its_owner(office: Office) -> None:
    office.rep("a")
    office.mql(2)
    office.assign(1)
    office.rep("b")
    past(office, 1, "mql", "won")
    group(office, {1: 1, 2: 1, 3: 3})
    office.assign(10)
    office.wake(1)
    office.assign(20)
    assert [row[:4] for row in places(office)] == [(1, 1, "owned", "a")]
    assert office.story(1) == []
    group(office, {1: 1, 2: 2, 3: 3})
    office.assign(30)
    assert [row[:4] for row in places(office)] == [(2, 1, "owned", "a")]


def test_a_place_that_a_joined_person_got_goes_to_the_lead_with_the_live_mql(office: Office) -> None:
    office.rep("a")
    past(office, 1, "mql")
    office.mql(2)
    group(office, {1: 1, 2: 1, 3: 3})
    office.assign(10)
    group(office, {1: 1, 2: 2, 3: 3})
    office.assign(20)
    assert [row[:4] for row in places(office)] == [(2, 1, "owned", "a")]
    assert office.rows("select count(*) from routing.assignments") == [(1,)]


def test_a_split_takes_back_whose_account_the_older_lead_was(office: Office) -> None:
    office.rep("a")
    office.mql(2)
    office.assign(1)
    own = "select account from routing.accounts order by 1"
    before = office.rows(own)
    group(office, {1: 1, 2: 1, 3: 3})
    office.assign(10)
    assert office.rows(own) == [("lead:1",), *before]
    group(office, {1: 1, 2: 2, 3: 3})
    office.assign(20)
    assert office.rows(own) == before


def test_an_account_stays_whose_it_was_by_another_lead_that_is_still_joined(office: Office) -> None:
    office.rep("a")
    office.mql(2)
    office.mql(3, cycle=2)
    office.assign(1)
    group(office, {1: 1, 2: 1, 3: 1})
    office.assign(10)
    group(office, {1: 1, 2: 2, 3: 1})
    office.assign(20)
    assert office.rows("select rep_id from routing.accounts where account = 'lead:1'") == [("a",)]


def accounts(office: Office, *names: str) -> list[tuple[object, ...]]:
    return office.rows(
        "select account, rep_id from routing.accounts where account = any(%s) order by 1", list(names)
    )


def test_an_account_goes_with_the_lead_that_had_an_owner_though_others_stay_joined(office: Office) -> None:
    """Lead 3 was never a salesperson's, and what others joined says nothing of lead 1."""
    office.rep("a", capacity_per_day=2)
    office.mql(2)
    office.mql(5)
    office.assign(1)
    office.mql(3, 2, cycle=2)
    office.assign(2)
    assert [office.owner(2), office.owner(5)] == ["a", "a"]
    assert office.owner(3, 2) != "a"
    for joined in ({1: 1, 2: 1, 3: 1, 4: 4, 5: 4}, {1: 1, 2: 2, 3: 1, 4: 4, 5: 4}):
        for lead in (4, 5):
            office.lead(lead)
            office.wake(lead, 1, "merge")
        group(office, joined)
        office.assign(10)
    assert accounts(office, "lead:1", "lead:4") == [("lead:4", "a")]


def notices(office: Office) -> list[tuple[object, ...]]:
    return office.rows(
        "select told.lead_id, told.rep_id, notices.state from routing.notices as notices"
        " inner join routing.assignments as told on notices.assignment_id = told.assignment_id order by 1, 2"
    )


def test_a_join_leaves_no_open_notice_of_the_younger_lead(office: Office) -> None:
    office.rep("a")
    office.mql(1)
    office.assign(0)
    office.rep("b")
    office.mql(2, 1)
    office.assign(1)
    assert notices(office) == [(1, "a", "open"), (2, "b", "open")]
    group(office, {1: 1, 2: 1, 3: 3})
    office.assign(10)
    assert notices(office) == [(1, "a", "open"), (2, "b", "dropped")]
    group(office, {1: 1, 2: 2, 3: 3})
    office.assign(20)
    assert notices(office) == [(1, "a", "open"), (2, "b", "open")]


def test_who_has_the_place_still_is_told_until_it_moves_on(office: Office) -> None:
    office.rep("a")
    office.mql(2)
    office.assign(1)
    group(office, {1: 1, 2: 1, 3: 3})
    office.assign(10)
    assert notices(office) == [(2, "a", "open")]
    office.rep("b")
    office.wake(1)
    office.assign(60)
    office.assign(300)
    assert office.owner(1) == "b"
    assert notices(office) == [(1, "b", "open"), (2, "a", "dropped")]


def test_a_cycle_that_began_later_has_a_place_of_its_own(office: Office) -> None:
    office.rep("a")
    office.mql(1, 0)
    office.assign(1)
    office.rep("b")
    office.mql(2, 2)
    office.assign(3)
    before = places(office)
    office.connection.execute("insert into lifecycle.person_cycles values (1, 1, 1), (2, 1, 2)")
    group(office, {1: 1, 2: 1, 3: 3})
    office.assign(10)
    assert [row[:4] for row in places(office)] == [(1, 1, "owned", "a"), (1, 2, "owned", "b")]
    office.wake(1, 2)
    office.assign(60)
    assert office.owner(1, 2) == "a"  # not b, who had it as lead 2
    office.connection.execute("truncate lifecycle.person_cycles")
    group(office, {1: 1, 2: 2, 3: 3})
    office.assign(310)
    assert [row[:2] for row in places(office)] == [row[:2] for row in before]
    assert office.owner(2) == "a"


def test_the_place_of_an_mql_that_was_taken_back_is_gone(office: Office) -> None:
    office.rep("a")
    office.mql(1)
    office.assign(0)
    assert notices(office) == [(1, "a", "open")]
    office.connection.execute("delete from lifecycle.transitions")
    group(office, {1: 1, 2: 2, 3: 3})
    office.assign(10)
    assert places(office) == []
    assert notices(office) == [(1, "a", "dropped")]
