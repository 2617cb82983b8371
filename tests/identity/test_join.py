"""Who is one person is a function of the evidence: not of its order, nor of anything that happened before."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from leadops.identity.join import Merge, People, Witness, join_leads

witnesses = st.builds(
    Witness,
    kind=st.sampled_from(["enrichment_id", "user_id"]),
    value=st.sampled_from("pqr"),
    lead=st.integers(1, 6),
    event_seq=st.integers(1, 9),
)
pairs = st.tuples(st.integers(1, 6), st.integers(1, 6)).filter(lambda pair: pair[0] < pair[1])
some = st.lists(witnesses, max_size=12, unique_by=lambda each: (each.kind, each.value, each.lead))


def join(seen: list[Witness], separated: frozenset[tuple[int, int]] = frozenset(), most: int = 5) -> People:
    return join_leads(seen, age=lambda lead: -lead, separated=separated, most=most)


@given(seen=some, separated=st.frozensets(pairs, max_size=2), shuffled=st.randoms())
def test_the_order_does_not_matter(
    seen: list[Witness], separated: frozenset[tuple[int, int]], shuffled
) -> None:
    mixed = list(seen)
    shuffled.shuffle(mixed)
    assert join(mixed, separated) == join(seen, separated)


@given(seen=some)
def test_whoever_shares_an_identifier_is_one_and_nobody_else(seen: list[Witness]) -> None:
    groups = [{lead} for lead in range(1, 7)]
    for one in seen:
        for other in seen:
            if (one.kind, one.value) == (other.kind, other.value):
                touching = [group for group in groups if group & {one.lead, other.lead}]
                groups = [group for group in groups if group not in touching] + [set().union(*touching)]
    expected = {lead: max(group) for group in groups if len(group) > 1 for lead in group}
    people = join(seen, most=6)
    assert people.persons == expected
    assert len(people.merges) == len(expected) - len(set(expected.values()))
    assert all(merge.older > merge.younger for merge in people.merges)


@given(seen=some, separated=st.frozensets(pairs, max_size=3))
def test_who_was_separated_stays_so(seen: list[Witness], separated: frozenset[tuple[int, int]]) -> None:
    persons = join(seen, separated).persons
    assert not [pair for pair in separated if persons.get(pair[0], -1) == persons.get(pair[1], -2)]


@given(seen=some, most=st.integers(1, 6))
def test_no_person_has_more_leads_than_allowed(seen: list[Witness], most: int) -> None:
    people = join(seen, most=most)
    sizes = [list(people.persons.values()).count(person) for person in people.persons.values()]
    assert all(1 < size <= most for size in sizes)
    assert all(len(crowd) >= most for crowd in people.crowds.values())


def test_the_earliest_evidence_is_the_one_on_record() -> None:
    seen = [
        Witness("user_id", "late", 1, 8),
        Witness("user_id", "late", 2, 9),
        Witness("user_id", "early", 2, 1),
        Witness("user_id", "early", 1, 5),
    ]
    assert join(seen).merges == [Merge(2, 1, "user_id", "early", 5)]


def test_a_crowd_is_let_be_and_named() -> None:
    seen = [
        Witness("user_id", f"u{one}", lead, lead)
        for one, pair in enumerate(pairwise(range(1, 7)))
        for lead in pair
    ]
    people = join(seen)
    assert people.persons == {}
    assert {oldest: len(crowd) for oldest, crowd in people.crowds.items()} == {6: 5}
