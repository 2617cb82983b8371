"""A chunk of waiting events in temporary tables: taken from the inbox, looked up, and filed.

Events that were lost come back into the inbox. Each filed event is marked if it is an act through a mail, as
`leadops.events.mail_events` lists them: whoever reads these alone looks at no other events.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.events.mail_events import MAIL_EVENTS
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.link_resolver import KINDS, Identifier
from leadops.lanes import Lane
from leadops.normalization.placeholder_ids import is_placeholder_id
from leadops.queries import Queries

queries = Queries(__file__)


class EventRange(NamedTuple):
    """The lowest and the highest seq of some events."""

    first_seq: int
    last_seq: int


class TakenEvents(NamedTuple):
    """How many events were taken from the inbox, and how many leads were enqueued for scoring at once."""

    events: int
    leads: int


class FiledEvents(NamedTuple):
    """How many events of the chunk have no lead yet, and how many leads were enqueued for scoring."""

    waiting: int
    leads: int


def find_chunk(connection: Connection, *, limit: int) -> EventRange | None:
    """Return the range of the first `limit` events of the inbox; None if it is empty."""
    return queries.first(connection, "find_head", EventRange, chunk_size=limit)


def find_placeholder_ids(
    connection: Connection, *, settings: IdentitySettings, chunk: EventRange | None = None
) -> list[str]:
    """Return the enrichment ids of `chunk` (None: of all events) that belong to nobody, such as "null"."""
    first_seq, last_seq = chunk or (None, None)
    told: list[str] = queries.values(
        connection,
        "list_enrichment_ids",
        trait_events=settings.trait_events,
        enrichment_id=settings.enrichment_id,
        first_seq=first_seq,
        last_seq=last_seq,
    )
    return [value for value in told if is_placeholder_id(value)]


def take_events(
    connection: Connection,
    *,
    chunk: EventRange,
    settings: IdentitySettings,
    suspects: Collection[Identifier],
) -> TakenEvents:
    """Take the waiting events of `chunk` and file those whose lead a look-up tells.

    The temporary table `chunk` keeps the others, those that tie identifiers, those that carry one of
    `suspects`, and those with traits.
    """
    queries.run(connection, "create_taken")
    queries.run(connection, "create_chunk")
    queries.run(connection, "clear_chunk")  # the caller's transaction may hold an earlier chunk
    queries.run(connection, "note_late_events", **chunk._asdict())
    replaced: list[int] = queries.values(connection, "list_replaced", **chunk._asdict())
    dropped = 0
    if replaced:
        dropped = queries.run(
            connection,
            "drop_replaced",
            event_seqs=replaced,
            trait_events=settings.trait_events,
            lane=Lane.LIVE,
        )
    suspect = {kind: [value for its_kind, value in suspects if its_kind == kind] for kind in KINDS}
    events = queries.run(
        connection,
        "take_events",
        **chunk._asdict(),
        trait_events=settings.trait_events,
        mail_events=list(MAIL_EVENTS),
        enrichment_id=settings.enrichment_id,
        placeholders=find_placeholder_ids(connection, settings=settings, chunk=chunk),
        trust_claims=settings.trust_claims,
        blocked_emails=settings.blocked.email,
        blocked_enrichment_ids=settings.blocked.enrichment_id,
        blocked_user_ids=settings.blocked.user_id,
        blocked_anonymous_ids=settings.blocked.anonymous_id,
        suspect_enrichment_ids=suspect["enrichment_id"],
        suspect_user_ids=suspect["user_id"],
        suspect_anonymous_ids=suspect["anonymous_id"],
    )
    queries.run(connection, "hold_contrary")
    queries.run(connection, "keep_unclear")
    queries.run(connection, "file_clear")
    queries.run(connection, "analyze_chunk")
    return TakenEvents(events, dropped + queries.run(connection, "enqueue_clear_leads"))


def file_events(connection: Connection) -> FiledEvents:
    """File the events that the chunk kept, and enqueue the leads that they belong to."""
    queries.run(connection, "file_resolved")
    waiting = queries.run(connection, "file_unresolved")
    return FiledEvents(waiting, queries.run(connection, "enqueue_resolved_leads"))


def note_progress(connection: Connection, *, last_seq: int, is_large: bool) -> None:
    """Record that events up to `last_seq` were resolved; a large chunk outdates the table's statistics."""
    queries.run(connection, "note_progress", last_seq=last_seq)
    if is_large:
        queries.run(connection, "analyze_resolved")


def find_interval(connection: Connection, *, start: datetime, end: datetime) -> EventRange | None:
    """Return the range of the events received in [start, end) (UTC); None if there are none."""
    return queries.first(connection, "find_interval", EventRange, start=start, stop=end)


def requeue_lost_events(
    connection: Connection, *, start: datetime, end: datetime, lane: Lane = Lane.LIVE
) -> int:
    """Put events received in [start, end) (UTC) that are neither waiting nor filed into the inbox.

    There are none unless rows were removed by hand. An event that a resolver is working on is not lost: in
    one snapshot it is either still waiting or already filed. `lane` is that of scoring. Returns how many
    events were put back.
    """
    interval = find_interval(connection, start=start, end=end)
    if interval is None:
        return 0
    return queries.run(
        connection,
        "requeue_lost",
        start=start,
        stop=end,
        first_seq=interval.first_seq,
        last_seq=interval.last_seq,
        lane=lane,
    )


def follow_mail_events(connection: Connection) -> int:
    """Bring the marks of filed events in line with MAIL_EVENTS if it changed; return how many marks changed.

    Their leads are scored again in the backfill lane: other acts of theirs may be a machine's. Runs in the
    caller's transaction, which holds the identity lock.
    """
    events = list(MAIL_EVENTS)
    if queries.value(connection, "read_mail_events") == events:
        return 0
    queries.run(connection, "note_mail_events", mail_events=events)
    leads = queries.values(connection, "mark_again", mail_events=events)
    if leads:
        queries.run(connection, "enqueue_marked", lead_ids=sorted(set(leads)), lane=Lane.BACKFILL)
    return len(leads)
