"""Compares what the resolver wrote bit by bit with a rebuild from the events alone."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection, snapshot
from leadops.identity.event_chunk import find_placeholder_ids
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.link_identifiers import Sighting
from leadops.identity.mailboxes import MAILBOX
from leadops.identity.merge_people import KeptTie, Merge, Witness
from leadops.identity.plan_merges import LeadFacts, LeadPair, merge_by_settings
from leadops.identity.rebuild import EventIdentifiers, OwnedAlias, RebuiltIdentity, rebuild_identity
from leadops.queries import Queries

queries = Queries(__file__)


class LeadRow(NamedTuple):
    """A lead; `is_known` when an import or a form made it, and not the resolver."""

    lead_id: int
    email: str | None
    created_at: datetime  # UTC
    first_event_seq: int | None
    is_known: bool


class KnownEmail(NamedTuple):
    """The lead of an email that no resolver made."""

    email: str
    lead_id: int
    event_seq: int  # 0: an import


class ResolvedEvent(NamedTuple):
    """Whose an event is."""

    event_seq: int
    lead_id: int


class PersonRow(NamedTuple):
    """The person of a lead, as each of the two tables says it."""

    lead_id: int
    person_id: int | None
    merged_into: int | None


@dataclass(frozen=True)
class RebuildComparison:
    """What was compared, and the leads of which a rebuild would change something, by what."""

    events: int
    leads: int
    merges: int
    differences: dict[str, list[int]]  # lead, email, alias, sighting, event or person -> lead ids


def compare_rebuilt(connection: Connection, *, settings: IdentitySettings) -> RebuildComparison:
    """Rebuild identity from all resolved events, and compare it with the tables.

    Beside the events it takes what no event tells: leads that were imported or claimed by a form before the
    resolver saw them, what splits decided, the order in which late events came, and today's settings. It
    writes nothing. It reads one state of the database, in its own transaction, and holds all identifiers and
    one number for each event in memory.
    """
    with snapshot(connection):
        rebuilt = rebuild_identity(
            queries.stream(
                connection,
                "list_events",
                EventIdentifiers,
                trait_events=settings.trait_events,
                enrichment_id=settings.enrichment_id,
                placeholders=find_placeholder_ids(connection, settings=settings),
                trust_claims=settings.trust_claims,
            ),
            known_leads={
                row.email: row.lead_id for row in queries.stream(connection, "list_known_leads", KnownEmail)
            },
            settings=settings,
            numbers=queries.values(connection, "list_numbers"),
        )
        differences: dict[str, set[int]] = defaultdict(set)
        for what, lead in _compare(connection, rebuilt, settings):
            differences[what].add(lead)
        return RebuildComparison(
            events=len(rebuilt.resolved) + len(rebuilt.unresolved),
            leads=len(rebuilt.leads),
            merges=queries.value(connection, "count_merges"),
            differences={what: sorted(differences[what]) for what in sorted(differences)},
        )


def _compare(
    connection: Connection, rebuilt: RebuiltIdentity, settings: IdentitySettings
) -> Iterator[tuple[str, int]]:
    """Yield what differs, and for which lead: that of the tables, or else that of the rebuild."""
    leads: dict[int, LeadFacts] = {}
    made: set[tuple[int, str | None, int | None]] = set()
    for row in queries.stream(connection, "list_leads", LeadRow):
        leads[row.lead_id] = (row.email, row.created_at)
        if not row.is_known:
            made.add((row.lead_id, row.email, row.first_event_seq))
    emails = {lead: email for email, lead in rebuilt.leads.items()}
    for lead, _, _ in made ^ {(lead, emails[lead], seq) for lead, seq in rebuilt.first_seqs.items()}:
        yield "lead", lead
    for alias in set(queries.stream(connection, "list_aliases", OwnedAlias)) ^ set(rebuilt.aliases()):
        yield "alias", alias.lead_id
    sightings = {Sighting(*key, event_seq) for key, event_seq in rebuilt.resolver.sightings.items()}
    for sighting in set(queries.stream(connection, "list_sightings", Sighting)) ^ sightings:
        yield "sighting", sighting.lead_id
    resolved = dict(rebuilt.resolved)
    for event in queries.stream(connection, "list_resolved", ResolvedEvent):
        if resolved.pop(event.event_seq, None) != event.lead_id:
            yield "event", event.lead_id
    for lead in resolved.values():
        yield "event", lead
    known = {row.email: row.event_seq for row in queries.stream(connection, "list_known_leads", KnownEmail)}
    witnesses = [row for row in rebuilt.witnesses() if row.kind in settings.merge_by]
    witnesses += _list_mailbox_witnesses(rebuilt, known, settings)
    yield from _compare_people(connection, witnesses, leads, settings)


def _list_mailbox_witnesses(
    rebuilt: RebuiltIdentity, known: Mapping[str, int], settings: IdentitySettings
) -> list[Witness]:
    """Return the leads of each mailbox, each with the first event that shows it; 0: an import does."""
    first: dict[tuple[str, int], int] = {}
    for email, lead in rebuilt.leads.items():
        mailbox = settings.find_mailbox(email)
        if mailbox is not None:
            event_seq = known.get(email, rebuilt.first_seqs.get(lead, 0))
            # An address that an import gave a lead beside that of an event has no event.
            earlier = first.get((mailbox, lead))
            shown = [seq for seq in (event_seq, earlier) if seq]
            first[mailbox, lead] = min(shown, default=0)
    return [Witness(MAILBOX, mailbox, lead, event_seq) for (mailbox, lead), event_seq in first.items()]


def _compare_people(
    connection: Connection,
    witnesses: list[Witness],
    leads: dict[int, LeadFacts],
    settings: IdentitySettings,
) -> Iterator[tuple[str, int]]:
    people = merge_by_settings(
        (row for row in witnesses if row.lead in leads),
        leads=leads,
        do_not_merge=set(queries.all(connection, "list_do_not_merge", LeadPair)),
        kept=queries.all(connection, "list_kept", KeptTie),
        settings=settings,
    )
    for merge in set(queries.all(connection, "list_merges", Merge)) ^ set(people.merges):
        yield "person", merge.younger
    for row in queries.stream(connection, "list_people", PersonRow):
        person_id = people.persons.pop(row.lead_id, None)
        expected = (person_id, None if person_id == row.lead_id else person_id)
        if (row.person_id, row.merged_into) != expected:
            yield "person", row.lead_id
    for lead in people.persons:
        yield "person", lead
