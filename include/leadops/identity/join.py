"""Which leads are one person: a function of the evidence, whatever the order in which it is looked at.

An identifier that was seen with the emails of several leads ties them together. The ties are taken in the
order of the events that completed them; one that would bring two leads together of which somebody said that
they are two people is left out. Where more leads hang together than a person has emails, none is joined.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import combinations


@dataclass(frozen=True)
class Witness:
    """An identifier was seen with a lead's email, first in the event `event_seq`."""

    kind: str
    value: str
    lead: int
    event_seq: int


@dataclass(frozen=True)
class Merge:
    """Two leads are one person, as the event `event_seq` was the last to show."""

    older: int
    younger: int
    kind: str
    value: str
    event_seq: int


@dataclass
class People:
    """Who is one person: the ties that make it, each lead's oldest; and the ties of crowds, let be."""

    merges: list[Merge] = field(default_factory=list)
    persons: dict[int, int] = field(default_factory=dict)  # lead -> oldest, of all that have a second lead
    crowds: dict[int, list[Merge]] = field(default_factory=dict)  # by the oldest lead of each


def join_leads(
    witnesses: Iterable[Witness],
    *,
    age: Callable[[int], object],
    separated: Collection[tuple[int, int]],
    most: int,
) -> People:
    """Return who is one person; `age` orders leads, the oldest first, and then their number does.

    The leads of `separated` pairs stay two people; `most` is the largest number of leads of one person.
    """
    groups: dict[int, set[int]] = {}
    taken: list[Merge] = []
    for tie in sorted(_list_ties(witnesses, age), key=lambda tie: _order(tie, age)):
        one = groups.setdefault(tie.older, {tie.older})
        other = groups.setdefault(tie.younger, {tie.younger})
        if one is other or (separated and _are_separated(one, other, separated)):
            continue
        taken.append(tie)
        one |= other
        for lead in other:
            groups[lead] = one
    return _gather(taken, groups, age, most)


def _are_separated(one: set[int], other: set[int], separated: Collection[tuple[int, int]]) -> bool:
    return any((a, b) in separated or (b, a) in separated for a in one for b in other)


def _gather(
    taken: list[Merge], groups: dict[int, set[int]], age: Callable[[int], object], most: int
) -> People:
    people = People()
    crowded: dict[int, list[Merge]] = defaultdict(list)
    for tie in taken:
        group = groups[tie.older]
        if len(group) > most:
            crowded[min(group, key=lambda lead: (age(lead), lead))].append(tie)
            continue
        people.merges.append(tie)
        oldest = min(group, key=lambda lead: (age(lead), lead))
        people.persons |= dict.fromkeys(group, oldest)
    people.crowds = dict(sorted(crowded.items()))
    return people


def _list_ties(witnesses: Iterable[Witness], age: Callable[[int], object]) -> list[Merge]:
    """Return a tie for every two leads that an identifier was seen with."""
    by_identifier: dict[tuple[str, str], list[Witness]] = defaultdict(list)
    for each in witnesses:
        by_identifier[each.kind, each.value].append(each)
    ties = []
    for (kind, value), seen in by_identifier.items():
        for one, other in combinations(seen, 2):
            older, younger = sorted((one.lead, other.lead), key=lambda lead: (age(lead), lead))
            ties.append(Merge(older, younger, kind, value, max(one.event_seq, other.event_seq)))
    return ties


def _order(tie: Merge, age: Callable[[int], object]) -> tuple[object, ...]:
    return (
        tie.event_seq,
        age(tie.older),
        tie.older,
        age(tie.younger),
        tie.younger,
        tie.kind,
        tie.value,
    )
