"""Works everything out anew from the events alone, and compares it with what the resolver made bit by bit."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from leadops.db import Connection, load_sql
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.join import Merge, Witness
from leadops.identity.rejoin import join_known
from leadops.identity.replay import Replayed, Told, replay

#: Rows fetched at once.
PAGE = 20_000


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild looked at, and the leads of which it would change something, by what."""

    events: int
    leads: int
    merges: int
    differences: dict[str, list[int]]  # lead, email, alias, sighting, event or person -> lead ids


def compare_rebuilt(connection: Connection, *, settings: IdentitySettings) -> Rebuilt:
    """Replay all events that were resolved, and compare leads, aliases, events and joins with the tables.

    Beside the events it takes what no event tells: leads that were imported or claimed by a form before the
    resolver came to it, separations, the order in which late events came, and today's settings. Nothing is
    written. It reads one state of the database, in its own transaction, and holds all identifiers and one
    number for each event in memory.
    """
    with connection.transaction() as transaction:
        connection.execute("set transaction isolation level repeatable read, read only")
        given: dict[Any, Any] = dict(_rows(connection, "list_given_leads"))
        numbers = [lead for (lead,) in _rows(connection, "list_numbers")]
        replayed = replay(_read_events(connection, settings), given=given, settings=settings, numbers=numbers)
        differences: dict[str, set[int]] = defaultdict(set)
        for what, lead in _compare(connection, replayed, settings):
            differences[what].add(lead)
        merges = connection.execute(
            "select count(*) from identity.lead_merges where undone_at is null"
        ).fetchone()
        found = Rebuilt(
            events=len(replayed.resolved) + len(replayed.unresolved),
            leads=len(replayed.leads),
            merges=merges[0] if merges else 0,
            differences={what: sorted(differences[what]) for what in sorted(differences)},
        )
        raise psycopg.Rollback(transaction)
    return found


def _compare(
    connection: Connection, replayed: Replayed, settings: IdentitySettings
) -> Iterator[tuple[str, int]]:
    """Yield what differs, and for which lead: that of the tables, or else that of the replay."""
    leads = {lead: (email, created_at) for lead, email, created_at, *_ in _rows(connection, "list_leads")}
    made = {
        (lead, email, seq)
        for lead, email, _, seq, is_given in _rows(connection, "list_leads")
        if not is_given
    }
    emails = {lead: email for email, lead in replayed.leads.items()}
    for lead, _, _ in made ^ {(lead, emails[lead], seq) for lead, seq in replayed.first_seqs.items()}:
        yield "lead", lead
    for row in set(_rows(connection, "list_owned")) ^ set(replayed.owners()):
        yield "alias", row[2]
    sighted = {(*key, seq) for key, seq in replayed.spread.sightings.items()}
    for row in set(_rows(connection, "list_all_sightings")) ^ sighted:
        yield "sighting", row[2]
    resolved = dict(replayed.resolved)
    for event_seq, lead in _rows(connection, "list_resolved"):
        if resolved.pop(event_seq, None) != lead:
            yield "event", lead
    for lead in resolved.values():
        yield "event", lead
    yield from _compare_people(connection, replayed.witnesses(), leads, settings)


def _compare_people(
    connection: Connection,
    witnesses: list[Witness],
    leads: dict[int, tuple[str | None, object]],
    settings: IdentitySettings,
) -> Iterator[tuple[str, int]]:
    people = join_known(
        (each for each in witnesses if each.kind in settings.join_by and each.lead in leads),
        leads=leads,  # type: ignore[arg-type]
        separated=set(_rows(connection, "list_all_separations")),
        settings=settings,
    )
    held = {Merge(*row) for row in _rows(connection, "list_all_merges")}
    for merge in held ^ set(people.merges):
        yield "person", merge.younger
    for lead, person, merged_into in _rows(connection, "list_people"):
        if people.persons.get(lead) != person or merged_into != (None if person == lead else person):
            yield "person", lead
        people.persons.pop(lead, None)
    for lead in people.persons:
        yield "person", lead


def _read_events(connection: Connection, settings: IdentitySettings) -> Iterator[Told]:
    values = {"trait_events": settings.trait_events, "enrichment_id": settings.enrichment_id}
    with connection.cursor(name="rebuild") as cursor:
        cursor.itersize = PAGE
        cursor.execute(load_sql("leadops.identity", "list_events"), values)
        for row in cursor:
            yield Told(*row)


def _rows(connection: Connection, name: str) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name=name) as cursor:
        cursor.itersize = PAGE
        cursor.execute(load_sql("leadops.identity", name))
        yield from cursor
