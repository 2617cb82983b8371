"""Joined leads have one place, nobody is assigned anew, and a split puts everything back."""

from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

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
    max_examples=25,
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
    office.connection.execute("truncate identity.people, routing.set_aside")
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
