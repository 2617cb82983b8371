"""Plans a split: who leaves a person, so that nobody else gets or loses a partner.

The two sides are never merged again. If only the lead that leaves tied others together, they stay one person
by a kept tie. What the split would newly tie, because somebody no longer stands between, stays apart as well,
unless it is asked for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise, product

from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.merge_people import KEPT, KeptTie, Merge, MergedPeople
from leadops.identity.plan_merges import MergeEvidence


@dataclass(frozen=True)
class SplitPlan:
    """What a split decides, and who is one person then."""

    parted: list[int]  # leads that leave the person
    rest: list[int]  # leads that stay
    pairs: list[tuple[int, int]]  # older, younger lead: never merged (again)
    kept: list[KeptTie]  # what keeps others one person
    new_ties: list[Merge]  # ties between people that only this split makes possible
    people: MergedPeople


def plan_split(
    evidence: MergeEvidence,
    *,
    lead: int,
    merge: tuple[int, int] | None = None,
    join: bool = False,
    settings: IdentitySettings,
) -> SplitPlan:
    """Return how `lead` leaves its person, or the younger side of `merge` (two of its leads) the older side.

    With `join`, new ties count that a person has room for; without, they are forbidden. The evidence agrees
    with who is one person so far.
    """
    before = evidence.decide(settings)
    person = before.persons[lead]
    members = {member for member, oldest in before.persons.items() if oldest == person}
    parted = {lead} if merge is None else _find_side(before.merges, merge)
    groups = [group for group in _list_clusters(before) if not group & members]
    groups += [parted, members - parted]
    parting = set(product(parted, members - parted))
    bonds = [bond for group in groups for bond in _list_bonds(evidence, before.merges, group, split=lead)]
    joined = _settle(evidence, groups, bonds, parting, join=True, settings=settings)
    forbidden, kept, people = (
        joined if join else _settle(evidence, groups, bonds, parting, join=False, settings=settings)
    )
    return SplitPlan(
        sorted(parted),
        sorted(members - parted),
        sorted(_sort_by_age(evidence, pair) for pair in forbidden),
        kept,
        _find_new_ties(joined[2], groups),
        people,
    )


def _settle(
    evidence: MergeEvidence,
    groups: Collection[set[int]],
    bonds: Iterable[KeptTie],
    parting: Collection[tuple[int, int]],
    *,
    join: bool,
    settings: IdentitySettings,
) -> tuple[set[tuple[int, int]], list[KeptTie], MergedPeople]:
    """Return which pairs to forbid and which `bonds` to keep so that all `groups` hold, and the people then.

    Without `join` no group gets a lead more; with it, none that makes it too large.
    """
    forbidden, kept = set(parting), list[KeptTie]()
    while True:
        people = replace(
            evidence,
            do_not_merge=evidence.do_not_merge | forbidden,
            kept=(*evidence.kept, *kept),
        ).decide(settings)
        clusters = list(_list_clusters(people))
        checked = [cluster for cluster in clusters if not join or len(cluster) > settings.leads_per_person]
        unwanted = {pair for cluster in checked for pair in _list_new_pairs(cluster, groups)} - forbidden
        lost = [bond for bond in bonds if bond not in kept and not _is_united(clusters, bond)]
        if unwanted:
            forbidden |= unwanted
        elif lost:
            kept += lost
        else:
            return forbidden, kept, people


def _find_side(merges: Iterable[Merge], merge: tuple[int, int]) -> set[int]:
    """Return the leads on the younger side of `merge`, which is one of `merges`."""
    side = {merge[1]}
    others = [tie for tie in merges if (tie.older, tie.younger) != merge]
    while grown := [tie for tie in others if (tie.older in side) != (tie.younger in side)]:
        side |= {lead for tie in grown for lead in (tie.older, tie.younger)}
    return side


def _list_clusters(people: MergedPeople) -> Iterator[set[int]]:
    """Yield the leads of each person, and those of each cluster that is too large to be one."""
    persons: dict[int, set[int]] = defaultdict(set)
    for lead, oldest in people.persons.items():
        persons[oldest].add(lead)
    yield from persons.values()
    for ties in people.oversized_clusters.values():
        yield {lead for tie in ties for lead in (tie.older, tie.younger)}


def _list_bonds(
    evidence: MergeEvidence, merges: Iterable[Merge], group: Collection[int], *, split: int
) -> Iterator[KeptTie]:
    """Yield what can hold `group` together: its own merges, and a chain of what only the others tied."""
    ends = []
    for merge in merges:
        one, two = _find_ends(evidence, merge)
        if merge.older in group and merge.younger in group:
            yield KeptTie(*one, *two, split)
        elif merge.older in group or merge.younger in group:
            ends.append(one if merge.older in group else two)
    yield from (KeptTie(*one, *two, split) for one, two in pairwise(ends) if one[0] != two[0])


def _find_ends(evidence: MergeEvidence, merge: Merge) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    """Return what the older and the younger lead of `merge` were seen with: (lead, kind, value) of each."""
    if merge.kind != KEPT:
        return (merge.older, merge.kind, merge.value), (merge.younger, merge.kind, merge.value)
    tie = next(
        tie
        for tie in evidence.kept
        if {tie.lead, tie.other_lead} == {merge.older, merge.younger} and str(tie.split_lead) == merge.value
    )
    ends = ((tie.lead, tie.kind, tie.value), (tie.other_lead, tie.other_kind, tie.other_value))
    return ends if tie.lead == merge.older else (ends[1], ends[0])


def _find_new_ties(people: MergedPeople, groups: Iterable[set[int]]) -> list[Merge]:
    """Return the merges between leads that were not in one of `groups`."""
    return [merge for merge in people.merges if _list_new_pairs({merge.older, merge.younger}, groups)]


def _list_new_pairs(cluster: set[int], groups: Iterable[set[int]]) -> set[tuple[int, int]]:
    """Return the pairs of `cluster` that were not in one of `groups`."""
    group_of = {lead: number for number, group in enumerate(groups) for lead in group}
    return {
        pair
        for pair in combinations(sorted(cluster), 2)
        if group_of.get(pair[0], -pair[0]) != group_of.get(pair[1], -pair[1])
    }


def _is_united(clusters: Iterable[set[int]], tie: KeptTie) -> bool:
    return any(tie.lead in cluster and tie.other_lead in cluster for cluster in clusters)


def _sort_by_age(evidence: MergeEvidence, pair: tuple[int, int]) -> tuple[int, int]:
    older, younger = sorted(pair, key=lambda lead: (evidence.related.leads[lead][1], lead))
    return older, younger
