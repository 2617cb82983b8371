"""Ties the identifiers of a chunk to leads: reads what is known of them, resolves them, writes the result."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from leadops.db import Connection
from leadops.errors import TransientError
from leadops.events.mail_events import MAIL_EVENTS
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.link_resolver import KINDS, Identifier, LinkEvent, LinkResolver
from leadops.identity.violations import GuardStop, record_violations
from leadops.queries import Queries

queries = Queries(__file__)


class SuspectsFoundError(TransientError):
    """Identifiers known before the chunk lost their lead in it; the chunk is resolved again."""

    def __init__(self, identifiers: Iterable[Identifier]) -> None:
        self.identifiers = frozenset(identifiers)


class LinkRow(NamedTuple):
    """An event that ties identifiers, and whose each is already (0: nobody's, None: not known)."""

    event_seq: int
    email_lead: int
    enrichment_id: str | None
    user_id: str | None
    anonymous_id: str | None
    enrichment_lead: int | None
    user_lead: int | None
    anonymous_lead: int | None
    is_new: bool  # False: it waited since an earlier chunk


class Sighting(NamedTuple):
    """An identifier was seen with the email of a lead whose it is not."""

    kind: str
    value: str
    lead_id: int
    event_seq: int


class IdentifierRow(NamedTuple):
    """An identifier."""

    kind: str
    value: str


class LeadSize(NamedTuple):
    """How many identifiers a lead has."""

    lead_id: int
    identifiers: int


def link_identifiers(
    connection: Connection, *, settings: IdentitySettings, suspects: frozenset[Identifier], now: datetime
) -> LinkResolver:
    """Tie what the table `chunk` shows, write aliases, sightings and violations, and give its events leads.

    Returns the resolver, with which leadops.identity.apply_merges looks for leads that are one person.
    Events that waited and have a lead by now join the chunk. Raises SuspectsFoundError when identifiers that
    are not among `suspects` have to be looked at event by event.
    """
    resolver = _read_known(connection, settings)
    events = _read_events(connection, resolver)
    known = frozenset(resolver.owners)
    resolver.resolve(events)
    if suspected := (known & resolver.shared.keys()) - suspects:
        raise SuspectsFoundError(suspected)
    queries.run(connection, "create_new_aliases")
    queries.run(connection, "create_assigned")
    queries.run(connection, "clear_new_aliases")
    queries.copy(
        connection,
        "copy_new_aliases",
        (
            (*name, lead, event_seq, resolver.shared.get(name), resolver.confirmed.get(name))
            for name, (lead, event_seq) in resolver.aliases_added.items()
        ),
    )
    queries.copy(connection, "copy_assigned", resolver.assigned.items())
    queries.run(connection, "analyze_new_aliases")
    queries.run(connection, "assign_events")
    if resolver.aliases_added:
        queries.run(connection, "insert_aliases", now=now)
        queries.run(connection, "adopt_chunk")
        queries.run(
            connection,
            "adopt_unresolved",
            trait_events=settings.trait_events,
            mail_events=list(MAIL_EVENTS),
        )
    queries.copy(connection, "copy_sightings", resolver.sightings_added)
    if shared := sorted(known & resolver.shared.keys()):
        queries.run(connection, "release_shared", **_columns(shared))
    if confirmed := sorted(resolver.confirmed.keys() - resolver.aliases_added.keys()):
        event_seqs = [resolver.confirmed[name] for name in confirmed]
        queries.run(connection, "confirm_aliases", **_columns(confirmed), event_seqs=event_seqs)
    record_violations(connection, _list_stops(resolver), now=now)
    return resolver


def _read_known(connection: Connection, settings: IdentitySettings) -> LinkResolver:
    """Return what is known of the chunk's leads and of identifiers seen with other leads' emails."""
    sightings = queries.all(connection, "list_sightings", Sighting)
    sizes = queries.all(connection, "count_identifiers", LeadSize)
    return LinkResolver(
        emails_per_identifier=settings.emails_per_identifier,
        identifiers_per_lead=settings.identifiers_per_lead,
        sightings={(row.kind, row.value, row.lead_id): row.event_seq for row in sightings},
        sizes=Counter({row.lead_id: row.identifiers for row in sizes}),
        unconfirmed=set(queries.all(connection, "list_unconfirmed", IdentifierRow)),
    )


def _read_events(connection: Connection, resolver: LinkResolver) -> list[LinkEvent]:
    """Return the chunk's events in their order, and note in `resolver` whose the identifiers are already."""
    events = []
    for row in queries.all(connection, "list_links", LinkRow):
        identifiers = []
        values = (row.enrichment_id, row.user_id, row.anonymous_id)
        owners = (row.enrichment_lead, row.user_lead, row.anonymous_lead)
        for kind, value, owner in zip(KINDS, values, owners, strict=True):
            if value is None:
                continue
            identifiers.append((kind, value))
            if owner is not None:
                resolver.owners[kind, value] = owner
        events.append(LinkEvent(row.event_seq, row.email_lead, tuple(identifiers)))
    return events


def _list_stops(resolver: LinkResolver) -> list[GuardStop]:
    stops = [GuardStop("emails", *name, event_seq, 1) for name, event_seq in resolver.shared.items()]
    return stops + [
        GuardStop("identifiers", "lead", str(lead), event_seqs[0], len(event_seqs))
        for lead, event_seqs in resolver.over_limit.items()
    ]


def _columns(identifiers: Iterable[Identifier]) -> dict[str, list[Any]]:
    kinds, values = zip(*identifiers, strict=True)
    return {"kinds": list(kinds), "identifiers": list(values)}
