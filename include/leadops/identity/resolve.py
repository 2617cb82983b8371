"""Finds the person behind each waiting event, and makes a lead of every new email."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from leadops.db import Connection, load_sql
from leadops.errors import TransientError
from leadops.identity.settings import IdentitySettings

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


def resolve_events(
    connection: Connection, *, now: datetime, settings: IdentitySettings, limit: int | None = None
) -> Resolved:
    """Resolve up to `limit` waiting events (default: settings.chunk_events) in one transaction.

    An event belongs to the lead of its email, else of its user_id, else of its anonymous_id; a new email
    makes a lead. The event's other identifiers become that lead's where nobody has them, and events of nobody
    that carry them follow. `now` (UTC) dates what is made. Two callers at once take turns, chunk by chunk.
    Raises TransientError when another resolver holds the turn for too long.
    """
    limit = settings.chunk_events if limit is None else limit
    with connection.transaction():
        _take_turn(connection)
        first, last = _one(connection, "find_head", {"chunk_size": limit})
        if first is None:
            return Resolved(events=0, new_leads=0, waiting=0, leads_touched=0, remaining=False)
        _run(connection, "create_chunk")
        _run(connection, "create_linked")
        connection.execute("truncate chunk, linked")  # a caller's own transaction may hold a former chunk
        values = {
            "now": now,
            "first_seq": first,
            "last_seq": last,
            "trait_events": settings.trait_events,
            "first_name": settings.first_name,
            "last_name": settings.last_name,
            "traits": [trait for trait, names in settings.traits.items() for _ in names],
            "properties": [name for names in settings.traits.values() for name in names],
        }
        events, known_leads = _one(connection, "take_events", values)
        (new_leads,) = _one(connection, "make_leads", values)
        _run(connection, "place_claimed")
        _spread(connection, values)
        _run(connection, "file_resolved")
        waiting = _run(connection, "file_unresolved")
        _run(connection, "learn_traits", values)
        touched = known_leads + _run(connection, "wake_scoring")
        if events >= limit:  # a large load outdates the statistics sooner than autovacuum renews them
            connection.execute("analyze identity.resolved_events")
    return Resolved(
        events=events, new_leads=new_leads, waiting=waiting, leads_touched=touched, remaining=events >= limit
    )


def _take_turn(connection: Connection) -> None:
    try:
        connection.execute("select pg_advisory_xact_lock(%s)", [RESOLVER_LOCK])
    except psycopg.errors.LockNotAvailable as error:
        raise TransientError("another run is resolving events, and its turn did not end in time") from error
    connection.execute("set local work_mem = '128MB'")
    connection.execute("set local jit = off")


def _spread(connection: Connection, values: Mapping[str, Any]) -> None:
    """Link the identifiers of what was found, and find by them, until a round links nothing new."""
    round_number = 0
    while _run(connection, "link_aliases", {**values, "round": round_number}):
        round_number += 1
        adopted = _run(connection, "adopt_chunk", {"round": round_number})
        adopted += _run(connection, "adopt_unresolved", {**values, "round": round_number})
        if not adopted:
            return


def _run(connection: Connection, name: str, values: Mapping[str, Any] | None = None) -> int:
    return connection.execute(load_sql("leadops.identity", name), values).rowcount


def _one(connection: Connection, name: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    row = connection.execute(load_sql("leadops.identity", name), values).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return row
