"""A join that is undone leaves everything as if it had never been, in whatever order it all came."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.errors import PermanentError
from leadops.identity.compare_rebuilt import compare_rebuilt
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

#: Without caps the points of all leads are the sum of what events give, whoever is one person.
VIEWS = rule_set({"name": "view", "event": "page_view", "points": 3})


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
    for asked in ({"lead": 1}, {"lead": 2}, {"lead": 9}, {"merge_id": 1}, {"merge_id": 9}):
        with pytest.raises(PermanentError, match="nothing to split"):
            split(world, **asked)


def test_one_merge_of_three_leads_is_undone(world: World) -> None:
    world.accept([*both(), *both(user="v", first="b@x.example", second="c@x.example")])
    world.accept(both(user="w", first="a@x.example", second="c@x.example"))
    world.resolve()
    assert persons(world) == {"b@x.example": "a@x.example", "c@x.example": "a@x.example"}
    split(world, merge_id=1)
    assert persons(world) == {"c@x.example": "b@x.example"}


def three(world: World) -> None:
    """Let a, b and c share a user id, and give each a page view of 3 points."""
    world.run(RULES, [seen(f"{name}-view", email=f"{name}@x.example") for name in "abc"])
    world.run(
        RULES, [seen(f"{name}-in", event="login", email=f"{name}@x.example", user_id="u") for name in "abc"]
    )


def behaviour(world: World) -> list[int]:
    """Return the points of each lead, the oldest first."""
    world.score(RULES)
    assert not world.totals_differ()
    assert rebuilt(world) == {}
    return [points for (points,) in world.rows("select behaviour from scoring.scores order by lead_id")]


def rebuilt(world: World) -> dict[str, list[int]]:
    world.connection.commit()
    return compare_rebuilt(world.connection, settings=world.identity).differences


def test_splits_one_after_the_other_join_nobody(world: World) -> None:
    three(world)
    assert behaviour(world) == [9, 0, 0]
    split(world, lead=2)
    assert persons(world) == {"c@x.example": "a@x.example"}
    assert behaviour(world) == [6, 3, 0]
    split(world, lead=3)
    assert persons(world) == {}
    assert behaviour(world) == [3, 3, 3]
    world.accept(
        [seen(f"{name}-again", event="login", email=f"{name}@x.example", user_id="u") for name in "abc"]
    )
    world.accept(both(user="v", first="b@x.example", second="c@x.example"))
    world.resolve()
    assert persons(world) == {}
    assert [pages % 3 for pages in behaviour(world)] == [0, 0, 0]


def test_the_lead_that_stood_for_the_person_can_leave(world: World) -> None:
    three(world)
    result = split(world, lead=1)
    assert (result.parted, result.rest) == ([1], [2, 3])
    assert result.persons == {1: None, 2: 2, 3: 2}
    assert behaviour(world) == [3, 6, 0]


def test_who_only_the_lead_tied_stays_one_person_until_the_evidence_goes(world: World) -> None:
    world.accept([*both(), *both(user="v", first="b@x.example", second="c@x.example")])
    world.resolve()
    result = split(world, lead=2)
    assert [(bond.lead, bond.other_lead, bond.split_lead) for bond in result.kept] == [(1, 3, 2)]
    assert persons(world) == {"c@x.example": "a@x.example"}
    assert world.rows(
        "select older_lead_id, younger_lead_id, kind, value from identity.lead_merges where undone_at is null"
    ) == [(1, 3, "kept", "2")]
    assert rebuilt(world) == {}
    # The user id v proves to be a shared login: nothing ties c any more.
    world.accept([seen(f"v{n}", email=f"{n}@x.example", user_id="v") for n in range(3)])
    world.resolve()
    assert persons(world) == {}
    assert rebuilt(world) == {}


@pytest.mark.parametrize("join", [False, True])
def test_what_only_the_lead_stood_between_is_shown_and_merged_on_request(world: World, join: bool) -> None:
    world.accept(both())
    world.resolve()
    split(world, lead=2)
    world.accept([seen("c", email="c@x.example", user_id="u")])
    world.resolve()
    assert persons(world) == {"c@x.example": "a@x.example"}
    shown = split(world, lead=1, join=join, dry_run=True)
    assert persons(world) == {"c@x.example": "a@x.example"}
    assert split(world, lead=1, join=join) == shown
    ties = [(tie.older, tie.younger, tie.value) for tie in (shown.joined if join else shown.apart)]
    assert ties == [(2, 3, "u")]
    assert persons(world) == ({"c@x.example": "b@x.example"} if join else {})
    assert rebuilt(world) == {}


def partners(world: World) -> dict[int, set[int]]:
    """Return with whom each lead is one person."""
    found: dict[int, set[int]] = {}
    for lead, other in world.rows(
        "select a.lead_id, b.lead_id from identity.people a join identity.people b using (person_id)"
    ):
        found.setdefault(lead, set()).add(other)
    return found


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
    max_examples=promise_examples(8),
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


@settings(
    max_examples=promise_examples(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), made=stories())
def test_a_split_changes_no_other_partners_and_no_sum_of_points(
    world: World, data: st.DataObject, made: list[Happening]
) -> None:
    world.clear()
    apart: set[tuple[int, int]] = set()
    waiting = [seen(f"{n}", email=f"{n}@x.example", user_id="u") for n in "abc"] + list(made)
    while waiting:
        size = data.draw(st.integers(1, len(waiting)))
        world.run(VIEWS, waiting[:size])
        waiting = waiting[size:]
        before = partners(world)
        if before and data.draw(st.integers(0, 3)):
            lead = data.draw(st.sampled_from(sorted(before)))
            total = world.rows("select coalesce(sum(points), 0) from scoring.ledger")
            split(world, lead=lead)
            world.score(VIEWS)
            assert world.rows("select coalesce(sum(points), 0) from scoring.ledger") == total
            apart |= {(lead, other) for other in before[lead] - {lead}}
            expected = {other: leads - {lead} for other, leads in before.items() if other != lead}
            assert partners(world) == {other: leads for other, leads in expected.items() if len(leads) > 1}
        assert not world.totals_differ()
        assert rebuilt(world) == {}
        together = partners(world)
        assert not [pair for pair in apart if pair[1] in together.get(pair[0], ())]
