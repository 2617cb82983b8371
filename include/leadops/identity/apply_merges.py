"""Brings identity.people in line with the evidence, for the leads that new evidence is about."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson
import psycopg

from leadops.db import Connection
from leadops.errors import TransientError
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.link_identifiers import IdentifierRow
from leadops.identity.link_resolver import Identifier, LinkResolver
from leadops.identity.mailboxes import (
    MAILBOX,
    list_shared_mailboxes,
    record_mailboxes,
    refresh_mailboxes,
)
from leadops.identity.merge_people import Merge
from leadops.identity.new_leads import announce_leads
from leadops.identity.plan_merges import MergePlan, plan_merges
from leadops.identity.uncounted_leads import refresh_uncounted
from leadops.identity.violations import GuardStop, record_violations
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__, topic="merges")

#: Why a merge is undone that nobody has split.
NO_LONGER_HOLDS = "the evidence no longer holds"
#: The settings that decide who is one person: when one changes, all merges are decided again.
MERGE_SETTINGS = frozenset({"merge_by", "mailboxes", "leads_per_person", "blocked", "role_names"})


def lock_identity(connection: Connection) -> None:
    """Wait until nobody else changes whose anything is, and hold that until the transaction ends.

    One resolver works at a time: who gets a shared identifier is decided in the order of acceptance, not in a
    race. Raises TransientError when another run holds the lock for too long.
    """
    try:
        hold_lock(connection, Lock.RESOLVER)
    except psycopg.errors.LockNotAvailable as error:
        raise TransientError("another run is resolving events and did not finish in time") from error
    queries.run(connection, "configure_planner")


def merge_chunk(
    connection: Connection, resolver: LinkResolver, *, settings: IdentitySettings, now: datetime
) -> int:
    """Merge and part leads by what a chunk of events has shown; return how many merges it added.

    Runs in the resolver's transaction. What only events of the backfill have shown is scored in that lane,
    all else live. The cost grows with the identifiers that the chunk has shown with a second email, and with
    the clusters that they are in.
    """
    shown = {(kind, value) for kind, value, _, _ in resolver.sightings_added} | resolver.shared.keys()
    shown |= resolver.confirmed.keys() - resolver.aliases_added.keys()
    identifiers: list[Identifier] = sorted(name for name in shown if name[0] in settings.merge_by)
    mailboxes = list_shared_mailboxes(connection, settings=settings)
    if not identifiers and not mailboxes:
        return 0
    backfilled = set(queries.all(connection, "list_backfilled", IdentifierRow))
    merges = 0
    for lane in Lane:
        own = [name for name in identifiers if (name in backfilled) == (lane == Lane.BACKFILL)]
        own += [(MAILBOX, row.mailbox) for row in mailboxes if row.lane == lane]
        leads = queries.values(
            connection,
            "find_tied",
            kinds=[kind for kind, _ in own],
            identifiers=[value for _, value in own],
        )
        merges += apply_merges(connection, leads, settings=settings, now=now, lane=lane)
    return merges


def follow_settings(connection: Connection, *, settings: IdentitySettings, now: datetime) -> int:
    """Decide all merges again when the settings about them have changed; return how many that added."""
    deciding = settings.model_dump(include=set(MERGE_SETTINGS))
    current = orjson.dumps(deciding, option=orjson.OPT_SORT_KEYS).decode()
    if queries.value(connection, "read_merge_settings") == current:
        return 0
    refresh_mailboxes(connection, settings=settings)
    queries.run(connection, "analyze_ties")
    leads = queries.values(connection, "find_all_tied")
    queries.run(connection, "note_merge_settings", merge_settings=current)
    return apply_merges(connection, leads, settings=settings, now=now, lane=Lane.BACKFILL)


def merge_imported(
    connection: Connection, leads: Collection[int], *, settings: IdentitySettings, now: datetime
) -> int:
    """Merge `leads` of an import with those of the same mailbox; return how many merges that added.

    Runs in the caller's transaction, which holds the identity lock.
    """
    shared = record_mailboxes(connection, leads, settings=settings)
    names = {"kinds": [MAILBOX for _ in shared], "identifiers": shared}
    tied = queries.values(connection, "find_tied", **names) if shared else []
    return apply_merges(connection, tied, settings=settings, now=now, lane=Lane.BACKFILL)


def follow_ages(
    connection: Connection, leads: Collection[int], *, settings: IdentitySettings, now: datetime
) -> None:
    """Let the oldest lead survive among people of whom one of `leads` has another first contact than before.

    Runs in the caller's transaction, which holds the identity lock since before it changed them.
    """
    merged = queries.values(connection, "find_merged", lead_ids=sorted(leads))
    apply_merges(connection, merged, settings=settings, now=now, lane=Lane.BACKFILL)


def apply_merges(
    connection: Connection,
    leads: Collection[int],
    *,
    settings: IdentitySettings,
    now: datetime,
    lane: Lane = Lane.LIVE,
    undone_by: str | None = None,
    undone_because: str = NO_LONGER_HOLDS,
) -> int:
    """Merge and part `leads` and the clusters that they are in; return how many merges were added.

    Runs in the caller's transaction, which holds the identity lock. Merges that no longer hold are kept as
    undone, with `undone_by` (None: no person) and `undone_because`. Leads whose score changes wait for
    scoring in `lane`, after a parting in the backfill lane: it gives back what is past. `now` is UTC.
    """
    plan = plan_merges(connection, leads, settings=settings)
    _record_oversized(connection, plan.oversized_clusters, now)
    if plan.undone:
        queries.run(
            connection,
            "undo_merges",
            older=[merge.older for merge in plan.undone],
            younger=[merge.younger for merge in plan.undone],
            now=now,
            undone_by=undone_by,
            undone_because=undone_because,
        )
    if plan.added:
        queries.run(connection, "insert_merges", **_columns(plan.added), now=now)
    if plan.persons:
        persons = {"lead_ids": list(plan.persons), "persons": list(plan.persons.values())}
        queries.run(connection, "update_people", **persons)
        queries.run(connection, "update_merged_into", **persons)
        lane = Lane.BACKFILL if plan.undone else lane
        queries.run(connection, "enqueue_scoring", lead_ids=plan.affected, lane=lane)
        queries.run(connection, "enqueue_lifecycle", lead_ids=plan.affected)
        refresh_uncounted(connection, list(plan.persons), settings=settings, now=now)
    _announce(connection, plan, settings=settings, lane=lane, now=now)
    return len(plan.added)


def _announce(
    connection: Connection, plan: MergePlan, *, settings: IdentitySettings, lane: Lane, now: datetime
) -> None:
    """Let the MA know whoever stands for a person: a lead of a mailbox that it knew by another address."""
    leads = {lead for lead, person in plan.persons.items() if person in (None, lead)}
    leads |= {
        lead for ties in plan.oversized_clusters.values() for tie in ties for lead in (tie.older, tie.younger)
    }
    if leads:
        announce_leads(
            connection,
            queries.values(connection, "take_unannounced", lead_ids=sorted(leads)),
            first_name=settings.first_name,
            last_name=settings.last_name,
            lane=lane,
            now=now,
        )


def _record_oversized(connection: Connection, clusters: Mapping[int, list[Merge]], now: datetime) -> None:
    """Put clusters on record that are too large to be one person, by their oldest lead."""
    stops = [
        GuardStop("merges", "lead", str(oldest), ties[-1].event_seq, 1) for oldest, ties in clusters.items()
    ]
    record_violations(connection, stops, now=now)


def _columns(merges: list[Merge]) -> dict[str, list[Any]]:
    return {
        "older": [merge.older for merge in merges],
        "younger": [merge.younger for merge in merges],
        "kinds": [merge.kind for merge in merges],
        "identifiers": [merge.value for merge in merges],
        "event_seqs": [merge.event_seq for merge in merges],
    }
