"""What was known at the moment, worked out by hand; and nothing that comes later changes it."""

import math
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from leadops.db import Connection
from leadops.training.features import read_matrix
from leadops.training.matrix import Matrix
from leadops.training.observations import fill_mature_leads
from leadops.training.training_settings import Feature
from tests.promises import promise_examples
from tests.training.conftest import DAY, START, World, settings

pytestmark = pytest.mark.uncommitted

UNTIL = START + 60 * DAY
MQL = START
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


def features(**given: dict[str, Any]) -> dict[str, Feature]:
    return {name: Feature.model_validate(each) for name, each in given.items()}


def read(world: World, wanted: dict[str, Feature], *, until: datetime = UNTIL) -> Matrix:
    with world.connection.transaction():
        fill_mature_leads(world.connection, until=until, settings=settings())
        return read_matrix(world.connection, features=wanted, profile_events=["identify", "submit_form"])


def numbers(matrix: Matrix, name: str) -> list[float | None]:
    values = matrix.columns[name].numbers
    assert values is not None
    return [None if math.isnan(each) else float(each) for each in values]


def word(matrix: Matrix, name: str) -> str | None:
    column = matrix.columns[name]
    assert column.codes is not None
    code = int(column.codes[0])
    return None if code < 0 else column.words[code - 1]


PRICING = features(
    ever={"count": ["view_pricing"]},
    week={"count": ["view_pricing"], "days": 7},
    last={"recency": ["view_pricing"]},
    anything={"count": []},
)


def test_events_are_counted_in_their_windows(world: World) -> None:
    lead = world.lead()
    for days in (1, 6, 8, 40):
        world.event(lead, "view_pricing", MQL - days * DAY)
    world.event(lead, "page_view", MQL - 2 * DAY)
    world.stage(lead, "mql", MQL)
    matrix = read(world, PRICING)
    found = {name: numbers(matrix, name) for name in PRICING}
    assert found == {"ever": [4.0], "week": [2.0], "last": [1.0], "anything": [5.0]}


def test_a_lead_without_events_has_none_and_no_last_one(world: World) -> None:
    world.stage(world.lead(), "mql", MQL)
    matrix = read(world, PRICING)
    assert (numbers(matrix, "ever"), numbers(matrix, "last")) == ([0.0], [None])


def test_what_happened_before_but_came_after_was_not_known(world: World) -> None:
    lead = world.lead()
    world.stage(lead, "mql", MQL)
    world.event(lead, "view_pricing", MQL - DAY, received=MQL + HOUR)
    world.event(lead, "view_pricing", MQL + HOUR)
    world.event(lead, "view_pricing", MQL - DAY, received=MQL)
    assert numbers(read(world, PRICING), "ever") == [1.0]


def test_a_visit_whose_visitor_became_known_after_was_not_the_leads(world: World) -> None:
    lead = world.lead()
    world.stage(lead, "mql", MQL)
    for visitor, told in (("early", MQL - DAY), ("late", MQL + DAY)):
        world.event(lead, "view_pricing", MQL - 2 * DAY, anonymous=visitor)
        world.link(lead, "anonymous_id", visitor, told)
    assert numbers(read(world, PRICING), "ever") == [1.0]


@pytest.mark.parametrize("kind", ["anonymous_id", "user_id"])
def test_a_visit_is_the_leads_once_its_identifier_is_linked(world: World, kind: str) -> None:
    """What has the lead's own email needs no link; what is another lead's by its other id stays so."""
    early, late, neighbour = world.lead(), world.lead(), world.lead()
    other_kind = {"anonymous_id": "user_id", "user_id": "anonymous_id"}[kind]
    links = {early: {kind: "x"}, late: {kind: "y"}, neighbour: {kind: "y", other_kind: "z"}}
    for lead, ids in links.items():
        world.stage(lead, "mql", MQL)
        anonymous, user = ids.get("anonymous_id"), ids.get("user_id")
        world.event(lead, "view_pricing", MQL - DAY, anonymous=anonymous, user=user)
    world.link(early, kind, "x", MQL)
    world.link(early, kind, "another", MQL + TICK)
    world.link(late, kind, "y", MQL + TICK)
    world.link(neighbour, other_kind, "z", MQL)
    assert numbers(read(world, PRICING), "ever") == [1.0, 0.0, 1.0]
    world.connection.execute("update cdp.events set email = 'a@buyers.example' where email is null")
    assert numbers(read(world, PRICING), "ever") == [1.0, 1.0, 1.0]


def test_an_event_of_the_very_moment_counts(world: World) -> None:
    seen = {"at the moment": (MQL, MQL), "dated later": (MQL + TICK, MQL), "came later": (MQL, MQL + TICK)}
    for at, received in seen.values():
        lead = world.lead()
        world.stage(lead, "mql", MQL)
        world.event(lead, "view_pricing", at, received=received)
    assert numbers(read(world, PRICING), "ever") == [1.0, 0.0, 0.0]


def test_history_counts_for_imported_mqls_if_it_came_by_the_end_of_the_day(world: World) -> None:
    for received in (UNTIL - TICK, UNTIL):
        lead = world.lead()
        world.stage(lead, "mql", MQL, recorded=UNTIL - DAY, imported=True)
        world.event(lead, "view_pricing", MQL - DAY, received=received, history=True)
    assert numbers(read(world, PRICING), "ever") == [1.0, 0.0]


def test_a_scanners_act_is_none_of_the_leads(world: World) -> None:
    lead = world.lead()
    world.stage(lead, "mql", MQL)
    world.event(lead, "view_pricing", MQL - DAY)
    world.hold_act(lead, world.event(lead, "view_pricing", MQL - DAY))
    assert numbers(read(world, PRICING), "ever") == [1.0]


#: Proofs that two leads are one person, as (lead, lead, microseconds after the MQL of lead 0), and whether
#: what lead 1 did was known to be the person's at the MQL.
PROOFS = [
    ([(0, 1, 0)], True),
    ([(0, 1, 1)], False),
    # The proof with the lead of the MQL counts, whatever ties the other lead to a third one later.
    ([(0, 1, -2), (1, 2, 5)], True),
    # In a chain the last proof counts.
    ([(0, 2, -2), (2, 1, 1)], False),
    ([(0, 2, -2), (2, 1, -1)], True),
    ([(0, 2, -9), (2, 1, -8), (1, 3, 1)], False),
    # A proof of other leads says nothing of this one.
    ([(0, 1, -2), (0, 2, 5)], True),
]


@pytest.mark.parametrize("is_oldest", [True, False])
def test_another_leads_events_count_from_the_proof_that_it_is_the_same_person(
    world: World, is_oldest: bool
) -> None:
    persons = []
    for proofs, _ in PROOFS:
        leads = [world.lead() for _ in range(4)]
        ordered = leads if is_oldest else leads[::-1]
        world.stage(ordered[0], "mql", MQL)
        world.event(ordered[1], "view_pricing", MQL - DAY)
        world.join(*leads)
        persons.append(leads[0])
        for one, other, ticks in proofs:
            older, younger = sorted((ordered[one], ordered[other]))
            world.prove(older, younger, MQL + ticks * TICK)
    matrix = read(world, PRICING)
    assert matrix.lead_ids.tolist() == persons
    assert [count == 1 for count in numbers(matrix, "ever")] == [is_known for _, is_known in PROOFS]


def test_a_proof_that_was_taken_back_dates_nothing(world: World) -> None:
    first, second = world.lead(), world.lead()
    world.stage(first, "mql", MQL)
    world.event(second, "view_pricing", MQL - DAY)
    world.join(first, second)
    world.prove(first, second, MQL - DAY, undone=MQL - HOUR)
    world.prove(first, second, MQL + DAY)
    assert numbers(read(world, PRICING), "ever") == [0.0]


def test_the_other_lead_of_an_imported_mql_counts_if_it_was_known_by_the_end_of_the_day(world: World) -> None:
    first, second = world.lead(), world.lead()
    world.stage(first, "mql", MQL, recorded=UNTIL - DAY, imported=True)
    world.event(second, "view_pricing", MQL - DAY, received=UNTIL - DAY, history=True)
    world.join(first, second)
    world.prove(first, second, UNTIL - HOUR)
    assert numbers(read(world, PRICING), "ever") == [1.0]


@pytest.mark.parametrize(("joined", "count"), [(MQL - HOUR, 3.0), (MQL + HOUR, 1.0)])
@pytest.mark.parametrize("is_older", [True, False])
def test_a_lead_that_turned_out_to_be_the_same_person(
    world: World, joined: datetime, count: float, is_older: bool
) -> None:
    """Merged after its MQL, the MQL's lead had only its own event then; merged before, all three."""
    first, second = world.lead(), world.lead()
    holder, other = (first, second) if is_older else (second, first)
    world.event(holder, "view_pricing", MQL - DAY)
    for _ in range(2):
        world.event(other, "view_pricing", MQL - DAY)
    world.stage(holder, "mql", MQL)
    world.prove(first, second, joined)
    world.join(first, second)
    matrix = read(world, PRICING)
    assert matrix.lead_ids.tolist() == [first]
    assert numbers(matrix, "ever") == [count]


def test_the_newest_telling_before_the_moment_counts(world: World) -> None:
    lead = world.lead()
    world.event(lead, "identify", MQL - 3 * DAY, employees=40, industry="Finance ")
    world.event(lead, "submit_form", MQL - 2 * DAY, company_size="80", employees="")
    world.event(lead, "page_view", MQL - DAY, employees=5)
    world.event(lead, "identify", MQL + DAY, employees=9000, industry="retail")
    world.stage(lead, "mql", MQL)
    wanted = features(
        employees={"properties": ["employees", "company_size"]},
        industry={"properties": ["industry"], "kind": "category"},
        country={"properties": ["country"], "kind": "category"},
    )
    matrix = read(world, wanted)
    assert numbers(matrix, "employees") == [80.0]
    assert word(matrix, "industry") == "finance"
    assert word(matrix, "country") is None


def test_an_attribute_counts_when_it_was_known_by_then(world: World) -> None:
    lead = world.lead()
    world.stage(lead, "mql", MQL)
    world.attribute(lead, "source", "Chat", MQL - DAY)
    world.attribute(lead, "quality", "high", None)
    world.attribute(lead, "stage", "called", MQL + DAY)
    wanted = features(
        **{name: {"attribute": name, "kind": "category"} for name in ("source", "quality", "stage")}
    )
    matrix = read(world, wanted)
    assert [word(matrix, name) for name in wanted] == ["chat", None, None]


def test_imported_history_is_believed_for_imported_stages_only(world: World) -> None:
    imported, live = world.lead(), world.lead()
    came = START + 50 * DAY
    world.stage(imported, "mql", MQL, recorded=came, imported=True)
    world.stage(live, "mql", MQL)
    for lead in (imported, live):
        world.event(lead, "view_pricing", MQL - DAY, received=came, history=True)
        world.event(lead, "view_pricing", MQL - DAY, received=came)
    assert numbers(read(world, PRICING), "ever") == [2.0, 0.0]


def test_only_mature_leads_are_read_and_early_success_waits_too(world: World) -> None:
    horizon = timedelta(days=30)
    done, open_, early, slow = (world.lead() for _ in range(4))
    for lead, at in (
        (done, UNTIL - horizon),
        (slow, UNTIL - horizon - HOUR),
        (open_, MQL),
        (early, UNTIL - DAY),
    ):
        world.stage(lead, "mql", at)
    world.stage(done, "sql", UNTIL - HOUR)
    world.stage(early, "sql", UNTIL - HOUR)
    world.stage(slow, "sql", UNTIL - HOUR + timedelta(minutes=1))
    matrix = read(world, PRICING)
    assert dict(zip(matrix.lead_ids.tolist(), matrix.reached.tolist(), strict=True)) == {
        done: 1,
        open_: 0,
        slow: 0,
    }


def test_a_customers_colleague_is_no_example_of_a_new_lead(world: World) -> None:
    new, colleague = world.lead(), world.lead()
    for lead, means in ((new, "count"), (colleague, "tell")):
        world.stage(lead, "mql", MQL, account={"state": "customer", "means": means, "lead_id": 99})
        world.stage(lead, "sql", MQL + DAY)
    assert read(world, PRICING).lead_ids.tolist() == [new]


def test_what_sales_did_in_time_but_was_learnt_too_late_was_not_known_that_day(world: World) -> None:
    lead = world.lead()
    world.stage(lead, "mql", MQL)
    world.stage(lead, "sql", MQL + DAY, recorded=UNTIL + HOUR)
    assert read(world, PRICING).reached.tolist() == [0]
    assert read(world, PRICING, until=UNTIL + 2 * HOUR).reached.tolist() == [1]


happening = st.tuples(
    st.sampled_from(["view_pricing", "page_view", "identify"]),
    st.integers(-240, 240),  # hours from the MQL at which it happened
    st.integers(0, 240),  # hours until it came
    st.integers(1, 5),  # what it tells
)
WANTED = PRICING | features(
    employees={"properties": ["employees"]}, industry={"properties": ["industry"], "kind": "category"}
)


@examples(
    max_examples=promise_examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(early=st.lists(happening, max_size=6), late=st.lists(happening, max_size=6), seed=st.integers(0, 99))
def test_what_comes_later_never_changes_a_past_day(
    connection: Connection, early: list[Any], late: list[Any], seed: int
) -> None:
    """A day's matrix is the same, hash and all, after anything that came after the day."""
    world = World(connection)
    until = MQL + 31 * DAY
    with connection.transaction(force_rollback=True):
        lead = world.lead()
        world.stage(lead, "mql", MQL)
        for name, hours, delay, value in early:
            at = MQL + hours * HOUR
            world.event(lead, name, at, received=at + delay * HOUR, employees=value, industry=f"i{value}")
        before = read(world, WANTED, until=until)
        for name, hours, delay, value in late:
            at = MQL + hours * HOUR
            world.event(lead, name, at, received=until + delay * HOUR, employees=value, industry=f"j{value}")
        other = world.lead()
        world.stage(other, "mql", MQL - DAY, recorded=until + seed * HOUR)
        world.stage(lead, "sql", MQL + DAY, recorded=until + seed * HOUR)
        after = read(world, WANTED, until=until)
        assert before.digest() == after.digest()
        assert len(before) == 1
