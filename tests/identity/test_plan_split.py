"""A split takes one side out of a person; nobody else gets or loses a partner, whatever came before."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.identity.merge_people import KeptTie, Merge, Witness
from leadops.identity.plan_merges import MergeEvidence, RelatedLeads
from leadops.identity.plan_split import SplitPlan, plan_split
from tests.promises import promise_examples
from tests.shipped import SHIPPED

SETTINGS = SHIPPED.identity
START = datetime(2026, 1, 1, tzinfo=UTC)


def see(*seen: tuple[str, str]) -> list[Witness]:
    """Return witnesses of pairs such as ("u", "abc"): the user id u was seen with the leads 1, 2 and 3."""
    pairs = [(user, lead) for user, leads in seen for lead in leads]
    return [
        Witness("user_id", user, "abcdefgh".index(lead) + 1, seq) for seq, (user, lead) in enumerate(pairs)
    ]


class Story:
    """Evidence and decisions that grow; leads are letters, the first the oldest."""

    def __init__(self, witnesses: list[Witness]) -> None:
        self.witnesses = witnesses
        self.do_not_merge: set[tuple[int, int]] = set()
        self.kept: list[KeptTie] = []

    def evidence(self) -> MergeEvidence:
        leads = {n: (f"{n}@x.example", START + timedelta(days=n)) for n in range(1, 9)}
        return MergeEvidence(
            RelatedLeads(leads, {}, frozenset()),
            tuple(self.witnesses),
            frozenset(self.do_not_merge),
            tuple(self.kept),
        )

    def persons(self) -> set[frozenset[int]]:
        """Return the leads of each person with several."""
        persons: dict[int, set[int]] = {}
        for lead, oldest in self.evidence().decide(SETTINGS).persons.items():
            persons.setdefault(oldest, set()).add(lead)
        return {frozenset(person) for person in persons.values()}

    def merges(self) -> list[Merge]:
        return self.evidence().decide(SETTINGS).merges

    def split(self, lead: int, *, merge: tuple[int, int] | None = None, join: bool = False) -> SplitPlan:
        plan = plan_split(self.evidence(), lead=lead, merge=merge, join=join, settings=SETTINGS)
        self.do_not_merge |= set(plan.pairs)
        self.kept += plan.kept
        return plan

    def show(self) -> list[str]:
        return sorted("".join("abcdefgh"[lead - 1] for lead in sorted(person)) for person in self.persons())


def test_splits_of_three_who_share_an_id_join_nobody() -> None:
    story = Story(see(("u", "abc")))
    assert story.show() == ["abc"]
    assert story.split(2).pairs == [(1, 2), (2, 3)]
    assert story.show() == ["ac"]
    assert story.split(3).new_ties == []
    assert story.show() == []


def test_the_oldest_can_leave_and_the_others_stay_one() -> None:
    story = Story(see(("u", "abc")))
    plan = story.split(1)
    assert (plan.parted, plan.rest, plan.kept) == ([1], [2, 3], [])
    assert story.show() == ["bc"]


def test_who_was_tied_only_by_the_lead_that_leaves_stays_one_person() -> None:
    story = Story(see(("u", "ab"), ("v", "bc")))
    plan = story.split(2)
    assert plan.kept == [KeptTie(1, "user_id", "u", 3, "user_id", "v", 2)]
    assert story.show() == ["ac"]
    assert story.merges() == [Merge(1, 3, "kept", "2", 3)]
    story.witnesses = [row for row in story.witnesses if row.value != "v"]  # it proves to be shared
    assert story.show() == []


def test_a_kept_tie_can_be_what_the_next_split_takes_away() -> None:
    story = Story(see(("u", "ab"), ("v", "bc"), ("w", "cd")))
    story.split(2)
    assert story.show() == ["acd"]
    assert story.split(3).kept == [KeptTie(1, "user_id", "u", 4, "user_id", "w", 3)]
    assert story.show() == ["ad"]
    assert story.split(4).kept == []
    assert story.show() == []


def test_later_evidence_of_the_same_id_rejoins_nobody() -> None:
    story = Story(see(("u", "abc")))
    story.split(2)
    story.witnesses += [
        Witness("user_id", "u", 4, 9),
        Witness("user_id", "v", 1, 10),
        Witness("user_id", "v", 2, 11),
    ]
    assert story.show() == ["acd"]


@pytest.mark.parametrize(("join", "persons"), [(False, []), (True, ["bc"])])
def test_what_only_the_lead_stood_between_is_named_and_merged_on_request(
    join: bool, persons: list[str]
) -> None:
    story = Story(see(("u", "ab")))
    story.split(2)
    # The user id comes with c too: c is tied with a first, so that b, who is not a, cannot be c.
    story.witnesses.append(Witness("user_id", "u", 3, 9))
    assert story.show() == ["ac"]
    plan = story.split(1, join=join)
    assert plan.new_ties == [Merge(2, 3, "user_id", "u", 9)]
    assert plan.pairs == ([(1, 3)] if join else [(1, 3), (2, 3)])
    assert story.show() == persons


def test_nothing_is_joined_for_which_a_person_has_no_room() -> None:
    story = Story(see(("u", "ab")))
    story.split(2)
    story.witnesses += [Witness("user_id", "u", 3, 9), *see(("v", "bdef"), ("w", "cgh"))]
    assert story.show() == ["acgh", "bdef"]
    plan = story.split(1, join=True)
    assert plan.new_ties == []
    assert story.show() == ["bdef", "cgh"]


@pytest.mark.parametrize(("others", "persons"), [("cf", ["bcdef"]), ("cfg", ["bde", "cfg"])])
def test_a_person_that_joins_has_at_most_the_leads_that_one_may_have(others: str, persons: list[str]) -> None:
    story = Story(see(("u", "ab")))
    story.split(2)
    story.witnesses += [Witness("user_id", "u", 3, 9), *see(("v", "bde"), ("w", others))]
    story.split(1, join=True)
    assert story.show() == persons


def test_a_join_takes_no_partner_from_anybody() -> None:
    story = Story(see(("u", "aeb")))
    story.split(2)
    # b and c share an id too. With a gone, that would be the older tie of c, who would leave e for b.
    story.witnesses += [Witness("user_id", "w", lead, 9 + lead) for lead in (1, 3, 2)]
    assert story.show() == ["ace"]
    plan = story.split(1, join=True)
    assert plan.kept == [KeptTie(5, "user_id", "u", 3, "user_id", "w", 1)]
    assert plan.new_ties == []
    assert story.show() == ["ce"]


def test_one_merge_is_undone_and_both_sides_stay() -> None:
    story = Story(see(("u", "ab"), ("v", "bc"), ("w", "ad")))
    plan = story.split(1, merge=(1, 2))
    assert (plan.parted, plan.rest) == ([2, 3], [1, 4])
    assert story.show() == ["ad", "bc"]


witnesses = st.lists(
    st.builds(
        Witness,
        kind=st.sampled_from(["user_id", "enrichment_id"]),
        value=st.sampled_from("pqrs"),
        lead=st.integers(1, 8),
        event_seq=st.integers(1, 30),
    ),
    max_size=14,
    unique_by=lambda row: (row.kind, row.value, row.lead),
)


@settings(max_examples=promise_examples(300), deadline=None)
@given(data=st.data(), seen=witnesses)
def test_a_split_changes_nobody_elses_partners(data: st.DataObject, seen: list[Witness]) -> None:
    story = Story([])
    apart: set[frozenset[int]] = set()
    for _ in range(5):
        count = data.draw(st.integers(0, len(seen)))
        story.witnesses += seen[:count]
        seen = seen[count:]
        before = story.persons()
        assert not [pair for pair in apart for person in before if pair <= person]
        if not before:
            continue
        person = data.draw(st.sampled_from(sorted(before, key=sorted)))
        join = data.draw(st.booleans())
        if data.draw(st.booleans()):
            lead = data.draw(st.sampled_from(sorted(person)))
            plan = story.split(lead, join=join)
            assert plan.parted == [lead]
        else:
            merge = data.draw(st.sampled_from([tie for tie in story.merges() if tie.older in person]))
            plan = story.split(merge.older, merge=(merge.older, merge.younger), join=join)
            assert merge.younger in plan.parted
        parted, rest = frozenset(plan.parted), frozenset(plan.rest)
        assert parted | rest == person
        apart |= {frozenset({one, other}) for one in parted for other in rest}
        expected = {group for group in (before - {person}) | {parted, rest} if len(group) > 1}
        after = story.persons()
        assert after == set(map(frozenset, _people_of(plan)))
        if not join or not plan.new_ties:
            assert after == expected
        # With new ties nobody loses a partner either.
        assert all(any(group <= person for person in after) for group in expected)
        assert not [pair for pair in apart for person in after if pair <= person]


def _people_of(plan: SplitPlan) -> list[set[int]]:
    persons: dict[int, set[int]] = {}
    for lead, oldest in plan.people.persons.items():
        persons.setdefault(oldest, set()).add(lead)
    return list(persons.values())
