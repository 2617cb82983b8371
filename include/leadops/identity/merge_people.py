"""Which leads are one person: a function of the evidence, whatever the order in which it is looked at.

An identifier that was seen with the emails of several leads ties them together. Ties are taken in the order
of the events that completed them, after those that a split kept. A tie that would bring together two leads
that must not be merged is left out. Of a cluster with more leads than a person may have, none is merged.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

#: The kind of a merge that rests on a KeptTie; its value is the lead that was split.
KEPT = "kept"


class Witness(NamedTuple):
    """An identifier was seen with a lead's email, first in the event `event_seq`."""

    kind: str
    value: str
    lead: int
    event_seq: int


class Merge(NamedTuple):
    """Two leads are one person; the event `event_seq` completed the evidence."""

    older: int
    younger: int
    kind: str
    value: str
    event_seq: int


class KeptTie(NamedTuple):
    """Two leads that a split left one person, as long as each is seen with its identifier.

    The lead that was split had been seen with both identifiers, or the one identifier was seen with both.
    """

    lead: int
    kind: str
    value: str
    other_lead: int
    other_kind: str
    other_value: str
    split_lead: int


@dataclass
class MergedPeople:
    """The merges, each merged lead's oldest lead, and the ties of clusters that are too large to merge."""

    merges: list[Merge] = field(default_factory=list)
    persons: dict[int, int] = field(default_factory=dict)  # lead -> oldest, of all that have a second lead
    oversized_clusters: dict[int, list[Merge]] = field(default_factory=dict)  # by the oldest lead of each


def merge_people(
    witnesses: Iterable[Witness],
    *,
    age: Callable[[int], object],
    do_not_merge: Collection[tuple[int, int]],
    max_leads: int,
    kept: Iterable[KeptTie] = (),
) -> MergedPeople:
    """Return who is one person; `age` orders leads, the oldest first, and after it their number does.

    The leads of the pairs in `do_not_merge` stay two people, and those of `kept` one. A person has at most
    `max_leads` leads.
    """
    clusters: dict[int, set[int]] = {}
    ties: list[Merge] = []
    seen = list(witnesses)
    candidates = _list_ties(seen, age) + _list_kept(kept, seen, age)
    for tie in sorted(candidates, key=lambda tie: _order(tie, age)):
        one = clusters.setdefault(tie.older, {tie.older})
        other = clusters.setdefault(tie.younger, {tie.younger})
        if one is other or (do_not_merge and _is_forbidden(one, other, do_not_merge)):
            continue
        ties.append(tie)
        one |= other
        for lead in other:
            clusters[lead] = one
    return _gather(ties, clusters, age, max_leads)


def _is_forbidden(one: set[int], other: set[int], do_not_merge: Collection[tuple[int, int]]) -> bool:
    return any((a, b) in do_not_merge or (b, a) in do_not_merge for a in one for b in other)


def _gather(
    ties: list[Merge], clusters: dict[int, set[int]], age: Callable[[int], object], max_leads: int
) -> MergedPeople:
    people = MergedPeople()
    oversized: dict[int, list[Merge]] = defaultdict(list)
    for tie in ties:
        cluster = clusters[tie.older]
        oldest = min(cluster, key=lambda lead: (age(lead), lead))
        if len(cluster) > max_leads:
            oversized[oldest].append(tie)
            continue
        people.merges.append(tie)
        people.persons |= dict.fromkeys(cluster, oldest)
    people.oversized_clusters = dict(sorted(oversized.items()))
    return people


def _list_ties(witnesses: Iterable[Witness], age: Callable[[int], object]) -> list[Merge]:
    """Return a tie for every two leads that an identifier was seen with."""
    by_identifier: dict[tuple[str, str], list[Witness]] = defaultdict(list)
    for witness in witnesses:
        by_identifier[witness.kind, witness.value].append(witness)
    ties = []
    for (kind, value), seen in by_identifier.items():
        for one, other in combinations(seen, 2):
            older, younger = sorted((one.lead, other.lead), key=lambda lead: (age(lead), lead))
            ties.append(Merge(older, younger, kind, value, max(one.event_seq, other.event_seq)))
    return ties


def _list_kept(
    kept: Iterable[KeptTie], witnesses: Iterable[Witness], age: Callable[[int], object]
) -> list[Merge]:
    """Return a tie for each of `kept` whose leads are both still seen with their identifier."""
    seen = {(row.kind, row.value, row.lead): row.event_seq for row in witnesses}
    ties = []
    for tie in kept:
        one = seen.get((tie.kind, tie.value, tie.lead))
        other = seen.get((tie.other_kind, tie.other_value, tie.other_lead))
        if one is not None and other is not None:
            older, younger = sorted((tie.lead, tie.other_lead), key=lambda lead: (age(lead), lead))
            ties.append(Merge(older, younger, KEPT, str(tie.split_lead), max(one, other)))
    return ties


def _order(tie: Merge, age: Callable[[int], object]) -> tuple[object, ...]:
    return (
        tie.kind != KEPT,  # what a person has decided comes before what is only seen
        tie.event_seq,
        age(tie.older),
        tie.older,
        age(tie.younger),
        tie.younger,
        tie.kind,
        tie.value,
    )
