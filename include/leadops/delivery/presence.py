"""Whether the MA still has a lead: what it says of one that is gone, and when that is made there again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from leadops.clients.lead_absence import LeadAbsence
from leadops.db import Connection
from leadops.delivery.dead_letters import hold_lead_letters
from leadops.delivery.delivery_settings import DeliverySettings, Recreate
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.new_leads import announce_leads
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)

#: Of leads that are merged more than once, so long passes between two steps: merges may form a circle.
PAUSE_BETWEEN_MERGES = timedelta(minutes=1)
#: A lead that the MA makes again and does not have all the same is asked for once more so long afterwards.
PAUSE_BEFORE_RECREATION = timedelta(hours=1)
#: Leads that are gone for less than this count towards `audit.max_missing`.
GONE_LATELY = timedelta(days=1)
#: Leads that one round recreates.
MAX_RECREATED = 100
#: Why a lead is unaligned that the target refused without a word on which one stands for it.
MOVED = "moved"
#: What is on record of such a lead that a reading found there all the same, until its total is taken.
THERE_AFTER_ALL = "there after all"
#: So long a total that is refused like that is tried again: the two answers may be of different moments.
MOVED_PATIENCE = timedelta(minutes=15)


class LeadPresence(StrEnum):
    """The state of a lead of ours in the MA (delivery.external_ids).

    ::

        (upsert answered) ──▶ present ──not_found, deleted──▶ gone ──see `recreate`──▶ recreating
                               ▲  │                            │                         │
              total corrected  │  │merged, or another id       │found again              │
                               │  ▼                            ▼                         │
                              unaligned ◀──────────────────────┴────upsert answered──────┘

    Only a present lead gets points; those of the others are held. Two leads of ours may have one id in the
    MA, after a merge there: the score there is the sum of both.
    """

    PRESENT = "present"
    UNALIGNED = "unaligned"
    GONE = "gone"
    RECREATING = "recreating"


@dataclass(frozen=True)
class GoneLead:
    """A lead that is gone: its former id in the MA, since when (UTC), the MA's word, and what waits."""

    lead_id: int
    ma_id: str
    since: datetime
    reason: str
    score: int  # points
    held: int  # changes


def record_absence(
    connection: Connection, *, target: str, external_id: str, absence: LeadAbsence, now: datetime
) -> None:
    """Record that the target does not have the lead `external_id`, in the caller's transaction.

    Where it was merged into another, that one's id counts from now on. What was refused of its points until
    now waits with the others.
    """
    survivor = absence.merged_into
    if survivor is not None and survivor != external_id:
        lead_ids = queries.values(
            connection,
            "mark_merged",
            target=target,
            external_id=external_id,
            survivor=survivor,
            pause=PAUSE_BETWEEN_MERGES,
            now=now,
        )
    else:
        lead_ids = queries.values(
            connection,
            "mark_gone",
            target=target,
            external_id=external_id,
            word=absence.word,
            pause=PAUSE_BEFORE_RECREATION,
            now=now,
        )
    hold_lead_letters(connection, lead_ids, target=target, now=now)


def record_found(connection: Connection, *, target: str, external_ids: Collection[str], now: datetime) -> int:
    """Record that the target has these leads again, if they were gone; return of how many that is news."""
    return queries.run(connection, "mark_found", target=target, external_ids=list(external_ids), now=now)


def unalign_lead(connection: Connection, *, target: str, lead_id: int, reason: str, now: datetime) -> None:
    """Let the lead's total be compared before it gets more points, in the caller's transaction."""
    queries.run(
        connection,
        "unalign_lead",
        target=target,
        lead_id=lead_id,
        reason=reason,
        there=THERE_AFTER_ALL,
        now=now,
    )


def find_contradicted(
    connection: Connection, *, target: str, lead_ids: Collection[int], now: datetime
) -> set[int]:
    """Return those of `lead_ids` that were refused as elsewhere for MOVED_PATIENCE, and read as there."""
    return set(
        queries.values(
            connection,
            "find_contradicted",
            target=target,
            lead_ids=list(lead_ids),
            there=THERE_AFTER_ALL,
            since=now - MOVED_PATIENCE,
        )
    )


def settle_found(connection: Connection, *, target: str, lead_ids: Collection[int]) -> None:
    """Record that the target takes the totals of these leads, in the caller's transaction."""
    queries.run(connection, "settle_found", target=target, lead_ids=list(lead_ids), there=THERE_AFTER_ALL)


def record_mqls(connection: Connection, lead_ids: Collection[int], *, now: datetime) -> None:
    """Record that these leads became MQL live: if the MA has lost one, it may be recreated there."""
    queries.run(connection, "record_mqls", lead_ids=list(lead_ids), now=now)


def count_gone(connection: Connection, *, target: str, since: datetime | None = None) -> int:
    """Return how many leads are gone from the target; with `since`, only those that went after it."""
    return int(queries.value(connection, "count_gone", target=target, since=since))


def find_unsettled(connection: Connection, *, target: str, external_ids: Collection[str]) -> set[str]:
    """Return those of `external_ids` whose leads are not present: gone, or with a total to be compared."""
    return set(queries.values(connection, "find_unsettled", target=target, external_ids=list(external_ids)))


def list_gone(connection: Connection, *, target: str, limit: int | None = None) -> list[GoneLead]:
    """Return the leads that are gone from the target, the newest first; all without a `limit`."""
    return queries.all(connection, "list_gone", GoneLead, target=target, max_rows=limit)


def recreate_leads(
    connection: Connection,
    *,
    target: str,
    settings: DeliverySettings,
    identity: IdentitySettings | None,
    now: datetime,
) -> int:
    """Ask for gone leads in the MA once more where new points and the setting `recreate` allow it; commits.

    Returns how many. While more than audit.max_missing leads went within a day it is none: the cause is
    larger than a lead. `identity` says which properties of the first event hold the names.
    """
    if settings.recreate is Recreate.NEVER:
        return 0
    with connection.transaction():
        wanted = queries.values(
            connection,
            "find_recreatable",
            target=target,
            any_points=settings.recreate is Recreate.ANY,
            max_rows=MAX_RECREATED,
            now=now,
        )
        if not wanted:
            return 0
        if count_gone(connection, target=target, since=now - GONE_LATELY) > settings.audit.max_missing:
            return 0
        return request_recreation(connection, wanted, target=target, identity=identity, now=now)


def request_recreation(
    connection: Connection,
    lead_ids: Collection[int],
    *,
    target: str,
    identity: IdentitySettings | None,
    now: datetime,
) -> int:
    """Ask for those of `lead_ids` that are gone in the MA once more; return how many, in the transaction."""
    recreated = queries.values(connection, "mark_recreating", target=target, lead_ids=list(lead_ids), now=now)
    if recreated:
        # No database that is restored from a backup makes this key again.
        nonce = queries.value(connection, "draw_nonce")
        announce_leads(
            connection,
            recreated,
            first_name=identity.first_name if identity else (),
            last_name=identity.last_name if identity else (),
            lane=Lane.LIVE,
            now=now,
            suffix=f"-again-{nonce}",
        )
    return len(recreated)
