"""Who is one person is a function of the evidence: not of its order, nor of anything that happened before."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from leadops.identity.merge_people import Merge, MergedPeople, Witness, merge_people

witnesses = st.builds(
    Witness,
    kind=st.sampled_from(["enrichment_id", "user_id"]),
    value=st.sampled_from("pqr"),
    lead=st.integers(1, 6),
    event_seq=st.integers(1, 9),
)
pairs = st.tuples(st.integers(1, 6), st.integers(1, 6)).filter(lambda pair: pair[0] < pair[1])
some = st.lists(witnesses, max_size=12, unique_by=lambda each: (each.kind, each.value, each.lead))


def merge(
    seen: list[Witness], do_not_merge: frozenset[tuple[int, int]] = frozenset(), max_leads: int = 5
) -> MergedPeople:
    return merge_people(seen, age=lambda lead: -lead, do_not_merge=do_not_merge, max_leads=max_leads)


@given(seen=some, do_not_merge=st.frozensets(pairs, max_size=2), shuffled=st.randoms())
def test_the_order_does_not_matter(
    seen: list[Witness], do_not_merge: frozenset[tuple[int, int]], shuffled
) -> None:
    mixed = list(seen)
    shuffled.shuffle(mixed)
    assert merge(mixed, do_not_merge) == merge(seen, do_not_merge)


@given(seen=some)
def test_whoever_shares_an_identifier_is_one_and_nobody_else(seen: list[Witness]) -> None:
    groups = [{lead} for lead in range(1, 7)]
    for one in seen:
        for other in seen:
            if (one.kind, one.value) == (other.kind, other.value):
                touching = [group for group in groups if group & {one.lead, other.lead}]
                groups = [group for group in groups if group not in touching] + [set().union(*touching)]
    expected = {lead: max(group) for group in groups if len(group) > 1 for lead in group}
    people = merge(seen, max_leads=6)
    assert people.persons == expected
    assert len(people.merges) == len(expected) - len(set(expected.values()))
    assert all(each.older > each.younger for each in people.merges)


@given(seen=some, do_not_merge=st.frozensets(pairs, max_size=3))
def test_who_must_not_be_merged_stays_two(
    seen: list[Witness], do_not_merge: frozenset[tuple[int, int]]
) -> None:
    persons = merge(seen, do_not_merge).persons
    assert not [pair for pair in do_not_merge if persons.get(pair[0], -1) == persons.get(pair[1], -2)]


@given(seen=some, max_leads=st.integers(1, 6))
def test_no_person_has_more_leads_than_allowed(seen: list[Witness], max_leads: int) -> None:
    people = merge(seen, max_leads=max_leads)
    sizes = [list(people.persons.values()).count(person) for person in people.persons.values()]
    assert all(1 < size <= max_leads for size in sizes)
    assert all(len(cluster) >= max_leads for cluster in people.oversized_clusters.values())


def test_the_earliest_evidence_is_the_one_on_record() -> None:
    seen = [
        Witness("user_id", "late", 1, 8),
        Witness("user_id", "late", 2, 9),
        Witness("user_id", "early", 2, 1),
        Witness("user_id", "early", 1, 5),
    ]
    assert merge(seen).merges == [Merge(2, 1, "user_id", "early", 5)]


def test_a_cluster_is_let_be_and_named() -> None:
    seen = [
        Witness("user_id", f"u{one}", lead, lead)
        for one, pair in enumerate(pairwise(range(1, 7)))
        for lead in pair
    ]
    people = merge(seen)
    assert people.persons == {}
    assert {oldest: len(cluster) for oldest, cluster in people.oversized_clusters.items()} == {6: 5}
