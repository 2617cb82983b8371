"""Brings identity.people in line with the evidence, for the leads that new evidence is about."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from leadops.db import Connection, load_sql
from leadops.identity.companies import is_desk
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.join import Merge, People, Witness, join_leads
from leadops.identity.spread import Spread

#: The lanes of scoring.
LIVE, BACKFILL = 0, 1

#: Why a join is undone that nobody has split.
NO_LONGER_HOLDS = "the evidence no longer holds"


@dataclass(frozen=True)
class Known:
    """Leads that hang together, and who is one person among them so far."""

    leads: Mapping[int, tuple[str | None, datetime]]  # lead -> email, created_at
    persons: Mapping[int, int]  # lead -> oldest, of all that have a second lead
    merges: frozenset[Merge]


@dataclass(frozen=True)
class Regrouped:
    """What changes: ties made and undone, and each lead's person where it is another than before."""

    made: list[Merge] = field(default_factory=list)
    undone: list[Merge] = field(default_factory=list)
    persons: Mapping[int, int | None] = field(
        default_factory=dict
    )  # lead -> oldest; None: a person of its own
    affected: list[int] = field(default_factory=list)  # leads whose score or story changes
    crowds: Mapping[int, list[Merge]] = field(default_factory=dict)  # by the oldest lead of each


def rejoin_chunk(connection: Connection, spread: Spread, *, settings: IdentitySettings, now: datetime) -> int:
    """Join and part leads by what a chunk of events has shown; return how many joins it made.

    Runs in the resolver's transaction. What only events of the backfill have shown is scored in that lane,
    all else live. The cost grows with the identifiers that the chunk has shown with a second email, and with
    the leads that hang together by them.
    """
    shown = {(kind, value) for kind, value, _, _ in spread.seen} | spread.shared.keys()
    shown |= spread.confirmed.keys() - spread.linked.keys()
    named = sorted((kind, value) for kind, value in shown if kind in settings.join_by)
    if not named:
        return 0
    backfilled = set(connection.execute(load_sql("leadops.identity", "list_backfilled")).fetchall())
    made = 0
    for lane in (LIVE, BACKFILL):
        own = [each for each in named if (each in backfilled) == (lane == BACKFILL)]
        values = {"kinds": [kind for kind, _ in own], "values": [value for _, value in own]}
        found = connection.execute(load_sql("leadops.identity", "find_tied"), values).fetchall()
        leads = [lead for (lead,) in found]
        made += rejoin_leads(connection, leads, settings=settings, now=now, lane=lane)
    return made


def follow_settings(connection: Connection, *, settings: IdentitySettings, now: datetime) -> int:
    """Work all joins out anew when the settings about them have changed; return how many joins that made."""
    wanted = _fingerprint(settings)
    row = connection.execute("select join_rules from identity.progress").fetchone()
    if row == (wanted,):
        return 0
    found = connection.execute(load_sql("leadops.identity", "find_all_tied")).fetchall()
    _run(connection, "note_join_rules", {"join_rules": wanted})
    return rejoin_leads(connection, [lead for (lead,) in found], settings=settings, now=now, lane=BACKFILL)


def follow_ages(
    connection: Connection, leads: Collection[int], *, settings: IdentitySettings, now: datetime
) -> None:
    """Let the oldest survive among people of whom one of `leads` has another first contact than before.

    Runs in the caller's transaction, which has had the resolver's turn since before it changed them.
    """
    found = connection.execute("select lead_id from identity.people where lead_id = any(%s)", [sorted(leads)])
    rejoin_leads(connection, [lead for (lead,) in found], settings=settings, now=now, lane=BACKFILL)


def rejoin_leads(
    connection: Connection,
    leads: Collection[int],
    *,
    settings: IdentitySettings,
    now: datetime,
    lane: int = LIVE,
    undone_by: str | None = None,
    undone_because: str = NO_LONGER_HOLDS,
) -> int:
    """Join and part `leads`, and those that hang together with them; return how many joins were made.

    Runs in the caller's transaction, which has the resolver's turn. Joins that hold no longer are kept as
    undone, with `undone_by` (None: no person) and `undone_because`. Leads whose score changes wait for
    scoring in `lane` (0 live, 1 backfill). `now` is UTC.
    """
    regrouped = plan_regrouping(connection, leads, settings=settings)
    _record_crowds(connection, regrouped.crowds, now)
    if regrouped.undone:
        values = {"now": now, "undone_by": undone_by, "undone_because": undone_because}
        _run(connection, "undo_merges", _columns(regrouped.undone) | values)
    if regrouped.made:
        _run(connection, "insert_merges", _columns(regrouped.made) | {"now": now})
    if regrouped.persons:
        _run(
            connection,
            "regroup_people",
            {
                "leads": list(regrouped.persons),
                "persons": list(regrouped.persons.values()),
                "affected": regrouped.affected,
                "lane": lane,
            },
        )
    return len(regrouped.made)


def plan_regrouping(
    connection: Connection,
    leads: Collection[int],
    *,
    settings: IdentitySettings,
    separations: Collection[tuple[int, int]] = (),
) -> Regrouped:
    """Return what would change for `leads` and those that hang together with them; `separations` to come."""
    if not leads:
        return Regrouped()
    known = _read_known(connection, leads, settings)
    rows = connection.execute(load_sql("leadops.identity", "list_separations")).fetchall()
    people = join_known(
        _list_witnesses(connection, settings),
        leads=known.leads,
        separated={*rows, *separations},
        settings=settings,
    )
    return compare_people(known, people)


def join_known(
    witnesses: Iterable[Witness],
    *,
    leads: Mapping[int, tuple[str | None, datetime]],
    separated: Collection[tuple[int, int]],
    settings: IdentitySettings,
) -> People:
    """Return who is one person by `settings`: neither desks nor blocked values join anybody."""
    barred = {
        lead
        for lead, (email, _) in leads.items()
        if email is None or email in settings.blocked.email or is_desk(email, role_names=settings.role_names)
    }
    blocked = settings.blocked.model_dump()
    return join_leads(
        (each for each in witnesses if each.lead not in barred and each.value not in blocked[each.kind]),
        age=lambda lead: leads[lead][1],
        separated=separated,
        most=settings.leads_per_person,
    )


def compare_people(known: Known, people: People) -> Regrouped:
    """Return the difference between who is one person so far and who should be."""
    wanted = set(people.merges)
    persons = {
        lead: people.persons.get(lead)
        for lead in sorted(known.persons.keys() | people.persons.keys())
        if known.persons.get(lead) != people.persons.get(lead)
    }
    around = {known.persons.get(lead, lead) for lead in persons} | {
        people.persons.get(lead, lead) for lead in persons
    }
    return Regrouped(
        made=[each for each in people.merges if each not in known.merges],
        undone=sorted(known.merges - wanted, key=lambda merge: (merge.event_seq, merge.younger)),
        persons=persons,
        affected=sorted(around | persons.keys()),
        crowds=people.crowds,
    )


def _read_known(connection: Connection, leads: Collection[int], settings: IdentitySettings) -> Known:
    """Fill the table `involved` with `leads` and all that hang together with them; return what is known."""
    _run(connection, "create_involved")
    connection.execute("truncate involved")
    _run(connection, "reach_involved", {"leads": sorted(leads), "kinds": settings.join_by})
    connection.execute("analyze involved")
    rows = connection.execute(load_sql("leadops.identity", "list_involved")).fetchall()
    merges = connection.execute(load_sql("leadops.identity", "list_merges")).fetchall()
    return Known(
        leads={lead: (email, created_at) for lead, email, created_at, _ in rows},
        persons={lead: person for lead, _, _, person in rows if person is not None},
        merges=frozenset(Merge(*row) for row in merges),
    )


def _list_witnesses(connection: Connection, settings: IdentitySettings) -> list[Witness]:
    rows = connection.execute(load_sql("leadops.identity", "list_witnesses"), {"kinds": settings.join_by})
    return [Witness(*row) for row in rows]


def _record_crowds(connection: Connection, crowds: Mapping[int, list[Merge]], now: datetime) -> None:
    """Put leads on record that hang together and are too many to be one person, by the oldest of them."""
    if not crowds:
        return
    values = {
        "kinds": ["lead"] * len(crowds),
        "values": [str(oldest) for oldest in crowds],
        "guards": ["joins"] * len(crowds),
        "event_seqs": [crowd[-1].event_seq for crowd in crowds.values()],
        "times": [1] * len(crowds),
        "now": now,
    }
    _run(connection, "record_violations", values)


def _columns(merges: list[Merge]) -> dict[str, list[Any]]:
    return {
        "older": [each.older for each in merges],
        "younger": [each.younger for each in merges],
        "kinds": [each.kind for each in merges],
        "values": [each.value for each in merges],
        "event_seqs": [each.event_seq for each in merges],
    }


def _fingerprint(settings: IdentitySettings) -> str:
    names = {"join_by", "leads_per_person", "blocked", "role_names"}
    return orjson.dumps(settings.model_dump(include=names), option=orjson.OPT_SORT_KEYS).decode()


def _run(connection: Connection, name: str, values: Mapping[str, Any] | None = None) -> None:
    connection.execute(load_sql("leadops.identity", name), values)
