"""Plans merges: compares who is one person so far with who should be, for leads with new evidence."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.identity.email_kinds import is_role_address
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.merge_people import KeptTie, Merge, MergedPeople, Witness, merge_people
from leadops.queries import Queries

queries = Queries(__file__, topic="merges")

#: Email (None: unknown) and time of creation (UTC).
LeadFacts = tuple[str | None, datetime]


class RelatedLead(NamedTuple):
    """A lead of a cluster."""

    lead_id: int
    email: str | None
    created_at: datetime  # UTC
    person_id: int | None  # the person's oldest lead; None: a person with a single lead


class LeadPair(NamedTuple):
    """Two leads that must never be merged."""

    older_lead_id: int
    younger_lead_id: int


@dataclass(frozen=True)
class RelatedLeads:
    """The leads of some clusters, and who is one person among them so far."""

    leads: Mapping[int, LeadFacts]
    persons: Mapping[int, int]  # lead -> oldest, of all that have a second lead
    merges: frozenset[Merge]


@dataclass(frozen=True)
class MergeEvidence:
    """What decides who is one person among the leads of some clusters."""

    related: RelatedLeads
    witnesses: tuple[Witness, ...]
    do_not_merge: frozenset[tuple[int, int]]
    kept: tuple[KeptTie, ...]

    def decide(self, settings: IdentitySettings) -> MergedPeople:
        """Return who is one person by `settings`."""
        return merge_by_settings(
            self.witnesses,
            leads=self.related.leads,
            do_not_merge=self.do_not_merge,
            kept=self.kept,
            settings=settings,
        )


@dataclass(frozen=True)
class MergePlan:
    """What changes: merges added and undone, and each lead's person where it changes."""

    added: list[Merge] = field(default_factory=list)
    undone: list[Merge] = field(default_factory=list)
    persons: Mapping[int, int | None] = field(default_factory=dict)  # lead -> oldest; None: single again
    affected: list[int] = field(default_factory=list)  # leads whose score or history changes
    oversized_clusters: Mapping[int, list[Merge]] = field(default_factory=dict)  # by the oldest lead of each


def plan_merges(connection: Connection, leads: Collection[int], *, settings: IdentitySettings) -> MergePlan:
    """Return what changes for `leads` and the clusters that they are in."""
    if not leads:
        return MergePlan()
    evidence = read_evidence(connection, leads, settings=settings)
    return compare_people(evidence.related, evidence.decide(settings))


def read_evidence(
    connection: Connection, leads: Collection[int], *, settings: IdentitySettings
) -> MergeEvidence:
    """Return what decides who is one person among `leads` and the clusters that they are in."""
    related = _read_related(connection, leads, settings)
    return MergeEvidence(
        related,
        witnesses=tuple(queries.all(connection, "list_witnesses", Witness, kinds=settings.merge_by)),
        do_not_merge=frozenset(queries.all(connection, "list_do_not_merge", LeadPair)),
        kept=tuple(queries.all(connection, "list_kept", KeptTie)),
    )


def merge_by_settings(
    witnesses: Iterable[Witness],
    *,
    leads: Mapping[int, LeadFacts],
    do_not_merge: Collection[tuple[int, int]],
    kept: Iterable[KeptTie] = (),
    settings: IdentitySettings,
) -> MergedPeople:
    """Return who is one person by `settings`: neither role addresses nor blocked values merge anybody."""
    barred = {
        lead
        for lead, (email, _) in leads.items()
        if email is None
        or email in settings.blocked.email
        or is_role_address(email, role_names=settings.role_names)
    }
    blocked = settings.blocked.model_dump()
    return merge_people(
        (row for row in witnesses if row.lead not in barred and row.value not in blocked.get(row.kind, ())),
        age=lambda lead: leads[lead][1],
        do_not_merge=do_not_merge,
        kept=kept,
        max_leads=settings.leads_per_person,
    )


def compare_people(related: RelatedLeads, people: MergedPeople) -> MergePlan:
    """Return the difference between who is one person so far and who should be."""
    persons = {
        lead: people.persons.get(lead)
        for lead in sorted(related.persons.keys() | people.persons.keys())
        if related.persons.get(lead) != people.persons.get(lead)
    }
    survivors = {related.persons.get(lead, lead) for lead in persons}
    survivors |= {people.persons.get(lead, lead) for lead in persons}
    return MergePlan(
        added=[merge for merge in people.merges if merge not in related.merges],
        undone=sorted(
            related.merges - set(people.merges), key=lambda merge: (merge.event_seq, merge.younger)
        ),
        persons=persons,
        affected=sorted(survivors | persons.keys()),
        oversized_clusters=people.oversized_clusters,
    )


def _read_related(connection: Connection, leads: Collection[int], settings: IdentitySettings) -> RelatedLeads:
    """Fill the table `related` with `leads` and the clusters that they are in; return what is known."""
    queries.run(connection, "create_related")
    queries.run(connection, "clear_related")
    queries.run(connection, "find_related", lead_ids=sorted(leads), kinds=settings.merge_by)
    queries.run(connection, "analyze_related")
    rows = queries.all(connection, "list_related", RelatedLead)
    return RelatedLeads(
        leads={row.lead_id: (row.email, row.created_at) for row in rows},
        persons={row.lead_id: row.person_id for row in rows if row.person_id is not None},
        merges=frozenset(queries.all(connection, "list_merges", Merge)),
    )
