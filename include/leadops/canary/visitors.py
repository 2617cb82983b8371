"""The visitor of the day: a new one follows once a day, and what the former one left is taken away.

Where the MA and the CRM can erase a lead, the next visitor has another address and the former one is erased
there. Where one of them cannot, the address stays the same, so that one record stays there for good.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.canary.remove_visitor import remove_traces
from leadops.db import Connection
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.removal import ERASE, is_canary_settled
from leadops.events.canaries import CanaryReach, note_canary
from leadops.identity.apply_merges import lock_identity
from leadops.identity.removal import find_canary_lead
from leadops.queries import Queries

queries = Queries(__file__)

#: A domain that takes no mail (RFC 2606), and that the products accept.
DOMAIN = "leadops-canary.example.com"


@dataclass(frozen=True)
class Visitor:
    """Whoever makes the visits now, since `began_at` (UTC)."""

    visitor_id: int
    email: str
    began_at: datetime


@dataclass(frozen=True)
class LeavingVisitor:
    """A former visitor that is still known somewhere; `asked_at`: since when it is to be erased there."""

    visitor_id: int
    email: str
    asked_at: datetime | None


def choose_visitor(
    connection: Connection, *, writes_to: Collection[str], can_erase: bool, age: timedelta, now: datetime
) -> Visitor:
    """Return the visitor of the next visit, a new one where there is none or the last is older than `age`.

    `can_erase` says whether each system of `writes_to` has a call that erases a lead. Runs in the caller's
    transaction, under the canary's lock; `now` is UTC.
    """
    present = queries.first(connection, "find_present", Visitor)
    if present and now - present.began_at >= age:
        present = _replace(connection, present, can_erase=can_erase, now=now)
    if present is None:
        email = f"canary-{secrets.token_hex(8)}@{DOMAIN}"
        present = queries.one(connection, "insert_visitor", Visitor, email=email, now=now)
    reach = CanaryReach(ma="ma" in writes_to, crm="crm" in writes_to)
    note_canary(connection, present.email, reach=reach, now=now)
    return present


def take_leave(connection: Connection, *, now: datetime) -> int:
    """Let former visitors be erased elsewhere, then here; return how many are gone. As `choose_visitor`."""
    gone = 0
    for leaving in queries.all(connection, "list_leaving", LeavingVisitor):
        lead_id = find_canary_lead(connection, leaving.email)
        if leaving.asked_at is None:
            if not _is_done(connection, leaving.visitor_id, lead_id):
                continue
            _ask(connection, lead_id, now=now)
            queries.run(connection, "note_asked", visitor_id=leaving.visitor_id, now=now)
        if lead_id is not None and not is_canary_settled(connection, lead_id):
            continue
        if not _is_still(connection, leaving.email, lead_id):
            continue
        remove_traces(connection, leaving.visitor_id, lead_id)
        queries.run(connection, "note_removed", visitor_id=leaving.visitor_id, now=now)
        gone += 1
    return gone


def _replace(connection: Connection, present: Visitor, *, can_erase: bool, now: datetime) -> Visitor | None:
    """End `present` if it can be taken away; return whoever goes on, None where somebody new has to."""
    if queries.all(connection, "list_leaving", LeavingVisitor):
        return present  # one at a time, so that no more than one waits where nobody erases it
    if can_erase:
        queries.run(connection, "end_visitor", visitor_id=present.visitor_id, now=now)
        return None
    lead_id = find_canary_lead(connection, present.email)
    if not _is_done(connection, present.visitor_id, lead_id) or not _is_still(
        connection, present.email, lead_id
    ):
        return present
    remove_traces(connection, present.visitor_id, lead_id)
    queries.run(connection, "end_visitor", visitor_id=present.visitor_id, now=now)
    queries.run(connection, "note_removed", visitor_id=present.visitor_id, now=now)
    return queries.one(connection, "insert_visitor", Visitor, email=present.email, now=now)


def _is_done(connection: Connection, visitor_id: int, lead_id: int | None) -> bool:
    """Return whether nothing of the visitor is under way."""
    if queries.value(connection, "has_open_visit", visitor_id=visitor_id):
        return False
    return lead_id is None or is_canary_settled(connection, lead_id)


def _is_still(connection: Connection, email: str, lead_id: int | None) -> bool:
    """Return whether `lead_id` is the lead now that nobody resolves; a late one waits for the next run."""
    lock_identity(connection)
    return find_canary_lead(connection, email) == lead_id


def _ask(connection: Connection, lead_id: int | None, *, now: datetime) -> None:
    """Ask each system that has the lead to erase it."""
    if lead_id is None:
        return
    targets: list[str] = queries.values(connection, "list_systems", lead_id=lead_id)
    for target in targets:
        enqueue_effect(
            connection,
            target=target,
            operation=ERASE,
            payload={},
            idempotency_key=f"canary-erase-{target}-{lead_id}",
            lead_id=lead_id,
            now=now,
        )
