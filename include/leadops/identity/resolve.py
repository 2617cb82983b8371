"""Finds the person behind each waiting event, and makes a lead of every new email."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg

from leadops.db import Connection, load_sql
from leadops.errors import TransientError
from leadops.identity.accounts import place_in_accounts
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.link import SuspectsFound, link_identifiers
from leadops.identity.rejoin import follow_settings, rejoin_chunk
from leadops.identity.spread import KINDS, Identifier

#: One resolver at a time: who gets a shared identifier is decided in the order of acceptance, not in a race.
RESOLVER_LOCK = 7_302_003


@dataclass(frozen=True)
class Resolved:
    """What one transaction of resolving did; counts, no names."""

    events: int  # events taken from the inbox
    new_leads: int  # leads made, one for each new email
    waiting: int  # of the events taken, those of nobody yet
    leads_touched: int  # leads put up for scoring
    remaining: bool  # the chunk was full, so more may wait
    joined: int = 0  # joins of two leads that turned out to be one person


def resolve_events(
    connection: Connection, *, now: datetime, settings: IdentitySettings, limit: int | None = None
) -> Resolved:
    """Resolve up to `limit` waiting events (default: settings.chunk_events) in one transaction.

    Whose an event is, is defined in leadops.identity.spread, whatever the chunks; a new email makes a lead.
    Leads that turn out to be one person are joined in the same transaction (leadops.identity.rejoin).
    `now` (UTC) dates what is made. Two callers at once take turns, chunk by chunk. Raises TransientError when
    another resolver holds the turn for too long.
    """
    limit = settings.chunk_events if limit is None else limit
    with connection.transaction():
        take_turn(connection)
        joined = follow_settings(connection, settings=settings, now=now)
        first, last = _one(connection, "find_head", {"chunk_size": limit})
        if first is None:
            return Resolved(0, new_leads=0, waiting=0, leads_touched=0, remaining=False, joined=joined)
        values = _parameters(settings) | {"now": now, "first_seq": first, "last_seq": last}
        try:
            with connection.transaction():
                resolved = _resolve_chunk(connection, settings, values, frozenset())
        except SuspectsFound as found:
            resolved = _resolve_chunk(connection, settings, values, found.identifiers)
        if resolved.events >= limit:  # a large load outdates the statistics before autovacuum
            connection.execute("analyze identity.resolved_events")
    return replace(resolved, remaining=resolved.events >= limit, joined=joined + resolved.joined)


def take_turn(connection: Connection) -> None:
    """Wait until nobody else changes whose anything is, and hold that to the end of the transaction."""
    try:
        connection.execute("select pg_advisory_xact_lock(%s)", [RESOLVER_LOCK])
    except psycopg.errors.LockNotAvailable as error:
        raise TransientError("another run is resolving events, and its turn did not end in time") from error
    connection.execute("set local work_mem = '128MB'")
    connection.execute("set local jit = off")


def _resolve_chunk(
    connection: Connection,
    settings: IdentitySettings,
    values: Mapping[str, Any],
    suspects: frozenset[Identifier],
) -> Resolved:
    for name in ("create_chunk", "create_linked", "create_placed"):
        _run(connection, name)
    connection.execute("truncate chunk, linked, placed")  # a caller's own transaction may hold a former chunk
    named = {
        f"suspect_{kind}s": [value for its_kind, value in suspects if its_kind == kind] for kind in KINDS
    }
    events, known_leads = _one(connection, "take_events", {**values, **named})
    (new_leads,) = _one(connection, "make_leads", values)
    _run(connection, "place_claimed")
    spread = link_identifiers(connection, settings=settings, suspects=suspects, now=values["now"])
    _run(connection, "file_resolved")
    waiting = _run(connection, "file_unresolved")
    _run(connection, "learn_traits", values)
    place_in_accounts(connection, settings=settings, now=values["now"])
    touched = known_leads + _run(connection, "wake_scoring")
    joined = rejoin_chunk(connection, spread, settings=settings, now=values["now"])
    _run(connection, "note_progress", {"last_seq": values["last_seq"]})
    return Resolved(events, new_leads, waiting, touched, remaining=False, joined=joined)


def _parameters(settings: IdentitySettings) -> dict[str, Any]:
    return {
        "trait_events": settings.trait_events,
        "first_name": settings.first_name,
        "last_name": settings.last_name,
        "enrichment_id": settings.enrichment_id,
        "traits": [trait for trait, names in settings.traits.items() for _ in names],
        "properties": [name for names in settings.traits.values() for name in names],
        **{f"blocked_{kind}s": values for kind, values in settings.blocked.model_dump().items()},
    }


def _run(connection: Connection, name: str, values: Mapping[str, Any] | None = None) -> int:
    return connection.execute(load_sql("leadops.identity", name), values).rowcount


def _one(connection: Connection, name: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    row = connection.execute(load_sql("leadops.identity", name), values).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return row
