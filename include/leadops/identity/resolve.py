"""Finds the person behind each waiting event, and makes a lead of every new email."""

from dataclasses import dataclass, replace
from datetime import datetime

from leadops.db import Connection
from leadops.identity.apply_merges import follow_settings, lock_identity, merge_chunk
from leadops.identity.event_chunk import (
    EventRange,
    file_events,
    find_chunk,
    follow_mail_events,
    note_progress,
    take_events,
)
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.link_identifiers import SuspectsFoundError, link_identifiers
from leadops.identity.link_resolver import Identifier
from leadops.identity.new_leads import announce_new_leads, create_leads, file_claims, hold_claims
from leadops.identity.traits import assign_accounts, learn_traits
from leadops.identity.uncounted_leads import follow_internal, follow_networks


@dataclass(frozen=True)
class ResolveResult:
    """What one transaction of resolving did; counts, no names."""

    events: int  # events taken from the inbox
    new_leads: int  # leads created, one for each new email
    waiting: int  # of the events taken, those that belong to nobody yet
    leads_touched: int  # leads enqueued for scoring
    remaining: bool  # the chunk was full, so more may wait
    merges: int = 0  # merges of two leads that turned out to be one person


def resolve_events(
    connection: Connection, *, now: datetime, settings: IdentitySettings, limit: int | None = None
) -> ResolveResult:
    """Resolve up to `limit` waiting events (default: settings.chunk_events) in one transaction.

    leadops.identity.link_resolver defines whose an event is, whatever the chunks; a new email makes a lead.
    Leads that turn out to be one person are merged in the same transaction (leadops.identity.apply_merges).
    `now` (UTC) dates what is written. Two callers at once take turns, chunk by chunk. Raises TransientError
    when another run holds the lock for too long.
    """
    limit = settings.chunk_events if limit is None else limit
    with connection.transaction():
        lock_identity(connection)
        follow_mail_events(connection)
        merges = follow_settings(connection, settings=settings, now=now)
        follow_internal(connection, settings=settings, now=now)
        chunk = find_chunk(connection, limit=limit)
        if chunk is None:
            return ResolveResult(0, new_leads=0, waiting=0, leads_touched=0, remaining=False, merges=merges)
        try:
            with connection.transaction():
                result = _resolve_chunk(connection, settings, chunk, now, frozenset())
        except SuspectsFoundError as found:
            result = _resolve_chunk(connection, settings, chunk, now, found.identifiers)
        is_full = result.events >= limit
        note_progress(connection, last_seq=chunk.last_seq, is_large=is_full)
    return replace(result, remaining=is_full, merges=merges + result.merges)


def _resolve_chunk(
    connection: Connection,
    settings: IdentitySettings,
    chunk: EventRange,
    now: datetime,
    suspects: frozenset[Identifier],
) -> ResolveResult:
    taken = take_events(connection, chunk=chunk, settings=settings, suspects=suspects)
    new_leads = create_leads(connection, settings=settings, now=now)
    resolver = link_identifiers(connection, settings=settings, suspects=suspects, now=now)
    hold_claims(connection)
    learn_traits(connection, settings=settings)
    assign_accounts(connection, settings=settings, now=now)
    filed = file_events(connection)
    claimed = file_claims(connection)
    merges = merge_chunk(connection, resolver, settings=settings, now=now)
    follow_networks(connection, settings=settings, now=now)
    announce_new_leads(connection, new_leads, settings=settings, now=now)
    return ResolveResult(
        taken.events,
        new_leads.count,
        filed.waiting,
        taken.leads + filed.leads + claimed,
        remaining=False,
        merges=merges,
    )
