"""A join that is undone leaves everything as if it had never been, in whatever order it all came."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.errors import PermanentError
from leadops.identity.split_leads import SplitResult, split_leads
from tests.identity.test_apply_merges import both, persons
from tests.identity.test_resolve import seen
from tests.promises import promise_examples
from tests.scoring.conftest import NOW, World
from tests.scoring.oracle import Happening
from tests.scoring.test_score import rule_set

RULES = rule_set(
    {"name": "view", "event": "page_view", "points": 3, "cap_per_day": 9},
    {"name": "told", "event": "identify", "points": 5, "cap_per_lead": 10},
    fit=[{"name": "mine", "trait": "industry", "when": {"equals": "mining"}, "points": 7}],
)


def split(world: World, **asked: Any) -> SplitResult:
    return split_leads(
        world.connection, settings=world.identity, reason="two people", by="ops", now=NOW, **asked
    )


def test_a_split_is_on_record_and_the_same_evidence_joins_them_no_more(world: World) -> None:
    world.accept(both())
    world.resolve()
    assert split(world, lead=2, dry_run=True).persons == {1: None, 2: None}
    assert persons(world) == {"b@x.example": "a@x.example"}
    split(world, lead=2)
    assert persons(world) == {}
    assert world.rows("select undone_at, undone_by, undone_because from identity.lead_merges") == [
        (NOW, "ops", "two people")
    ]
    world.accept(both(user="v"))
    world.accept([seen("again", email="a@x.example", user_id="u")])
    assert sum(each.merges for each in world.resolve()) == 0
    with pytest.raises(PermanentError, match="no such merge"):
        split(world, lead=2)


def test_of_three_the_one_that_was_split_goes_alone(world: World) -> None:
    world.accept([*both(), *both(user="v", first="b@x.example", second="c@x.example")])
    world.accept(both(user="w", first="a@x.example", second="c@x.example"))
    world.resolve()
    assert persons(world) == {"b@x.example": "a@x.example", "c@x.example": "a@x.example"}
    split(world, merge_id=1)
    assert persons(world) == {"c@x.example": "b@x.example"}


@st.composite
def stories(draw: st.DrawFn) -> list[Happening]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        event = draw(st.sampled_from(["page_view", "page_view", "identify"]))
        fields: dict[str, Any] = {
            "email": draw(st.sampled_from([None, "a@x.example", "b@x.example", "c@x.example"])),
            "user_id": draw(st.sampled_from([None, "u", "v"])),
            "anonymous_id": draw(st.sampled_from([None, "m", "n"])),
        }
        if event == "identify":
            industry = draw(st.sampled_from(["mining", "farming"]))
            known = draw(st.sampled_from(["e", "f", ""]))
            fields["properties"] = {"industry": industry, "enrichment_id": known}
        made.append(seen(f"e{number}", draw(st.integers(0, 9)), event=event, **fields))
    return made


def outcome(world: World) -> dict[str, Any]:
    """Return all that is known of leads, by email."""
    assert not world.totals_differ()
    return {
        "points": world.points(),
        "aliases": world.rows(
            "select a.kind, a.value, l.email from identity.aliases a"
            " left join identity.leads l using (lead_id) order by 1, 2"
        ),
        "scores": world.rows(
            "select l.email, s.fit, s.behaviour from scoring.scores s join identity.leads l using (lead_id)"
            " where (s.fit, s.behaviour) <> (0, 0) order by 1"
        ),
        "persons": persons(world),
    }


@settings(
    max_examples=promise_examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), made=stories())
def test_join_and_split_leave_what_never_joining_leaves(
    world: World, data: st.DataObject, made: list[Happening]
) -> None:
    usual = world.identity
    world.clear()
    world.identity = usual.model_copy(update={"merge_by": []})
    world.run(RULES, made)
    expected = outcome(world)
    world.clear()
    world.identity = usual
    waiting = list(made)
    while waiting:
        size = data.draw(st.integers(1, len(waiting)))
        world.accept(waiting[:size])
        waiting = waiting[size:]
        world.resolve(limit=data.draw(st.integers(1, 9)))
        if data.draw(st.booleans()):
            world.score(RULES)
        if data.draw(st.booleans()):
            split_all(world)
    world.score(RULES)
    split_all(world)
    world.score(RULES)
    assert outcome(world) == expected


def split_all(world: World) -> None:
    while found := world.rows(
        "select merge_id from identity.lead_merges where undone_at is null order by merge_id limit 1"
    ):
        split(world, merge_id=found[0][0])
