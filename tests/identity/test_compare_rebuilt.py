"""Worked out anew from all events, all is as the resolver has made it, in any chunks, with claims between."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.identity.compare_rebuilt import compare_rebuilt
from tests.identity.test_apply_merges import both
from tests.identity.test_get_or_create_lead import get_or_create_lead
from tests.identity.test_resolve import seen
from tests.identity.test_split_leads import split, stories
from tests.promises import promise_examples
from tests.scoring.conftest import NOW, World
from tests.scoring.oracle import Happening


def rebuild(world: World) -> dict[str, list[int]]:
    return compare_rebuilt(world.connection, settings=world.identity).differences


@settings(
    max_examples=promise_examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), made=stories(), emails=st.integers(1, 3), identifiers=st.integers(1, 9))
def test_a_rebuild_gives_the_same_leads(
    world: World, data: st.DataObject, made: list[Happening], emails: int, identifiers: int
) -> None:
    world.clear()
    usual = world.identity
    guards = {"emails_per_identifier": emails, "identifiers_per_lead": identifiers}
    world.identity = usual.model_copy(update=guards)
    waiting = list(made)
    late: list[int] = []
    while waiting:
        size = data.draw(st.integers(1, len(waiting)))
        batch, waiting = waiting[:size], waiting[size:]
        world.accept(batch)
        if data.draw(st.booleans()):  # a transaction that is seen later than those after it
            late += [seq for (seq,) in world.rows("delete from identity.inbox returning event_seq")]
        if batch[0].email and data.draw(st.booleans()):
            (seq,) = world.rows("select seq from cdp.events where event_id = %s", batch[0].event_id)[0]
            get_or_create_lead(world.connection, email=batch[0].email, event_seq=seq, now=NOW)
        world.resolve(limit=data.draw(st.integers(1, 9)))
        if late and data.draw(st.booleans()):
            put(world, late)
            late = []
        joined = world.rows("select merge_id from identity.lead_merges where undone_at is null limit 1")
        if joined and data.draw(st.booleans()):
            split(world, merge_id=joined[0][0])
    put(world, late)
    world.resolve()
    world.connection.commit()
    assert rebuild(world) == {}
    world.identity = usual


def put(world: World, seqs: list[int]) -> None:
    for seq in seqs:
        world.connection.execute("insert into identity.inbox (event_seq) values (%s)", [seq])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("update identity.aliases set lead_id = 3 where value = 'home'", {"alias": [1, 3]}),
        ("update identity.resolved_events set lead_id = 3 where event_seq = 1", {"event": [3]}),
        ("delete from identity.resolved_events where event_seq = 1", {"event": [1]}),
        ("update identity.leads set first_event_seq = 9 where lead_id = 3", {"lead": [3]}),
        ("update identity.leads set merged_into = null where lead_id = 2", {"person": [2]}),
        ("delete from identity.people", {"person": [1, 2]}),
        ("delete from identity.sightings", {"sighting": [2]}),
        ("insert into identity.do_not_merge values (1, 2, now(), 'ops', '')", {"person": [1, 2]}),
    ],
)
def test_whatever_was_changed_by_hand_is_found(world: World, change: str, what: dict[str, Any]) -> None:
    world.accept([seen("one", email="a@x.example", anonymous_id="home"), *both()])
    world.accept([seen("other", email="c@x.example")])
    world.resolve()
    world.connection.commit()
    assert rebuild(world) == {}
    world.connection.execute(change.encode())
    world.connection.commit()
    assert rebuild(world) == what
