"""Ties the identifiers of a chunk to leads: reads what is known of them, spreads, writes what came out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from leadops.db import Connection, load_sql
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.spread import KINDS, Identifier, Link, Spread


class SuspectsFound(Exception):
    """Identifiers known before the chunk became nobody's in it: its later events must be looked at again."""

    def __init__(self, identifiers: Iterable[Identifier]) -> None:
        self.identifiers = frozenset(identifiers)


def link_identifiers(
    connection: Connection, *, settings: IdentitySettings, suspects: frozenset[Identifier], now: datetime
) -> Spread:
    """Tie what the table `chunk` shows, write aliases, sightings and violations, and give its events leads.

    Returns what came out, with which leadops.identity.rejoin looks for leads that are one person.

    Events that waited and have a lead by now join the chunk. Raises SuspectsFound when identifiers that are
    not among `suspects` have to be looked at event by event.
    """
    spread = _read_known(connection, settings)
    links = _read_links(connection, spread)
    known = frozenset(spread.owners)
    spread.read(links)
    if found := (known & spread.shared.keys()) - suspects:
        raise SuspectsFound(found)
    _copy(
        connection,
        "copy linked (kind, value, lead_id, event_seq, until_seq, confirmed_seq) from stdin",
        (
            (*each, *link, spread.shared.get(each), spread.confirmed.get(each))
            for each, link in spread.linked.items()
        ),
    )
    _copy(connection, "copy placed (event_seq, lead_id) from stdin", spread.placed.items())
    connection.execute("analyze linked, placed")
    _run(connection, "place_events")
    if spread.linked:
        _run(connection, "link_aliases", {"now": now})
        _run(connection, "adopt_chunk")
        _run(connection, "adopt_unresolved", {"trait_events": settings.trait_events})
    _copy(connection, "copy identity.sightings (kind, value, lead_id, event_seq) from stdin", spread.seen)
    if shared := sorted(known & spread.shared.keys()):
        _run(connection, "share_identifiers", _name(shared))
    if confirmed := sorted(spread.confirmed.keys() - spread.linked.keys()):
        seqs = [spread.confirmed[each] for each in confirmed]
        _run(connection, "confirm_aliases", _name(confirmed) | {"event_seqs": seqs})
    _record_violations(connection, spread, now)
    return spread


def _read_known(connection: Connection, settings: IdentitySettings) -> Spread:
    """Return what is known of the chunk's leads and of identifiers seen with others' emails."""
    sightings = connection.execute(load_sql("leadops.identity", "list_sightings")).fetchall()
    sizes = connection.execute(load_sql("leadops.identity", "count_identifiers")).fetchall()
    unconfirmed = connection.execute(load_sql("leadops.identity", "list_unconfirmed")).fetchall()
    return Spread(
        emails_per_identifier=settings.emails_per_identifier,
        identifiers_per_lead=settings.identifiers_per_lead,
        sightings={(kind, value, lead): seq for kind, value, lead, seq in sightings},
        sizes=Counter(dict(sizes)),
        unconfirmed=set(unconfirmed),
    )


def _read_links(connection: Connection, spread: Spread) -> list[Link]:
    """Return the chunk's links in their order, and note in `spread` whose the identifiers are already."""
    links = []
    for event_seq, lead, *found, _ in connection.execute(load_sql("leadops.identity", "list_links")):
        shown = []
        for kind, value, owner in zip(KINDS, found[:3], found[3:], strict=True):
            if value is None:
                continue
            shown.append((kind, value))
            if owner is not None:
                spread.owners[kind, value] = owner
        links.append(Link(event_seq, lead, tuple(shown)))
    return links


def _record_violations(connection: Connection, spread: Spread, now: datetime) -> None:
    rows = [(*each, "emails", seq, 1) for each, seq in spread.shared.items()]
    rows += [("lead", str(lead), "identifiers", seqs[0], len(seqs)) for lead, seqs in spread.refused.items()]
    if not rows:
        return
    columns = zip(*rows, strict=True)
    names = ("kinds", "values", "guards", "event_seqs", "times")
    _run(
        connection,
        "record_violations",
        {name: list(column) for name, column in zip(names, columns, strict=True)} | {"now": now},
    )


def _name(identifiers: Iterable[Identifier]) -> dict[str, list[Any]]:
    kinds, values = zip(*identifiers, strict=True)
    return {"kinds": list(kinds), "values": list(values)}


def _copy(connection: Connection, statement: Any, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _run(connection: Connection, name: str, values: Mapping[str, Any] | None = None) -> None:
    connection.execute(load_sql("leadops.identity", name), values)
