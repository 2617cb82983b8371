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
from leadops.training.mature_leads import fill_mature_leads
from leadops.training.training_settings import Feature
from tests.promises import promise_examples
from tests.training.conftest import DAY, START, World, settings

UNTIL = START + 60 * DAY
MQL = START
HOUR = timedelta(hours=1)


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
        seq = world.event(lead, "identify", told)
        world.connection.execute(
            "insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)"
            " values ('anonymous_id', %s, %s, %s, %s)",
            [visitor, lead, seq, told],
        )
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
    seq = world.event(second, "identify", joined)
    world.connection.execute(
        "insert into identity.lead_merges (older_lead_id, younger_lead_id, kind, value, event_seq, merged_at)"
        " values (%s, %s, 'user_id', 'u', %s, %s)",
        [first, second, seq, joined],
    )
    for lead in (first, second):
        world.connection.execute("insert into identity.people values (%s, %s)", [lead, first])
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
    max_examples=promise_examples(25),
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
