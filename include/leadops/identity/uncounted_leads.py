"""Which leads count for nothing, because they are the company's own people or tests.

`identity.uncounted_leads` is the one place that says so: whoever counts leads leaves out what stands there.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple

from leadops.company import InternalSettings
from leadops.db import Connection
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.new_leads import announce_leads
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)

#: Leads after which the planner needs new statistics of scoring's inbox: with the old ones, taking 100,000
#: leads did not end within minutes.
MANY_LEADS = 5_000


class InternalEntry(NamedTuple):
    """An entry of the company's own people: a domain, an address, a network, or a time of wrong networks."""

    kind: str
    value: str


class UncountedLead(NamedTuple):
    """Why a lead counts for nothing, what says so, and since when (UTC)."""

    reason: str
    entry: str
    since: datetime


def follow_internal(connection: Connection, *, settings: IdentitySettings, now: datetime) -> int:
    """Bring all leads in line with company.yaml, if its entries changed; return how many leads changed.

    Runs in the caller's transaction, which holds the identity lock. `now` is UTC.
    """
    internal = settings.internal
    if internal is None:
        return 0
    entries = _list_entries(internal)
    if set(queries.all(connection, "list_internal_entries", InternalEntry)) == entries:
        return 0
    queries.run(
        connection,
        "replace_internal_entries",
        kinds=[entry.kind for entry in sorted(entries)],
        entries=[entry.value for entry in sorted(entries)],
    )
    queries.run(connection, "forget_internal_entries", entries=[" ".join(entry) for entry in entries])
    leads: list[int] = queries.values(connection, "list_concerned")
    return refresh_uncounted(connection, leads, settings=settings, now=now)


def follow_networks(connection: Connection, *, settings: IdentitySettings, now: datetime) -> int:
    """Look again at leads of whom the chunk shows an own network, or who do not count.

    Whoever was only ever seen in own networks is one of us, until an event comes from elsewhere. Returns how
    many leads changed. Runs in the resolver's transaction, after the chunk was filed and before its leads are
    announced. `now` is UTC.
    """
    if settings.internal is None or not settings.internal.networks:
        return 0
    leads: list[int] = queries.values(connection, "list_network_leads")
    return refresh_uncounted(connection, leads, settings=settings, now=now)


def refresh_uncounted(
    connection: Connection, leads: Collection[int], *, settings: IdentitySettings, now: datetime
) -> int:
    """Bring `leads` and their persons in line with the entries; return how many leads changed.

    Their points are corrected in the backfill lane, their stages follow, and who counts now is made known in
    the MA.
    """
    if not leads:
        return 0
    changed: list[int] = queries.values(connection, "refresh_uncounted", leads=list(leads), now=now)
    if changed:
        queries.run(connection, "enqueue_scoring", lead_ids=changed, lane=Lane.BACKFILL)
        if len(changed) >= MANY_LEADS:
            queries.run(connection, "analyze_inbox")
        queries.run(connection, "enqueue_lifecycle", lead_ids=changed)
        announce_leads(
            connection,
            queries.values(connection, "list_unannounced", lead_ids=changed),
            first_name=settings.first_name,
            last_name=settings.last_name,
            lane=Lane.BACKFILL,
            now=now,
        )
    return len(changed)


def find_uncounted(connection: Connection, lead_id: int) -> UncountedLead | None:
    """Return why a lead counts for nothing; None if it counts."""
    return queries.first(connection, "find_uncounted", UncountedLead, lead_id=lead_id)


def _list_entries(internal: InternalSettings) -> set[InternalEntry]:
    listed = {"domain": internal.domains, "address": internal.addresses, "network": internal.networks}
    listed["wrong_period"] = tuple(
        f"[{period.since.astimezone(UTC).isoformat()},{period.until.astimezone(UTC).isoformat()})"
        for period in internal.networks_wrong
    )
    return {InternalEntry(kind, value) for kind, values in listed.items() for value in values}
