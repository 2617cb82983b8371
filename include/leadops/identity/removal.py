"""Removes from identity: whatever says whose a lead of an erased person was, and old events of nobody."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson, PersonIdentifier
from leadops.events.removal import delete_events
from leadops.housekeeping.old_rows import OldRows
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__)


def list_person(connection: Connection, person_id: int) -> list[int]:
    """Return all leads of the person whose oldest lead is `person_id`."""
    return queries.values(connection, "list_person", person_id=person_id)


def list_identifiers(connection: Connection, lead_ids: Sequence[int]) -> list[PersonIdentifier]:
    """Return what identity knows the leads by, and nobody else."""
    return queries.all(connection, "list_identifiers", PersonIdentifier, lead_ids=list(lead_ids))


def list_own_events(connection: Connection, person: ErasedPerson) -> list[int]:
    """Return the seqs of the events that belong to the leads, claims about them included."""
    return queries.values(
        connection,
        "list_own_events",
        lead_ids=person.lead_ids,
        anonymous_ids=person.of_kind("anonymous_id"),
        user_ids=person.of_kind("user_id"),
        enrichment_ids=person.of_kind("enrichment_id"),
    )


def erase_identity(
    connection: Connection, person: ErasedPerson, *, event_seqs: Sequence[int], now: datetime
) -> None:
    """Clear every table of identity, in the caller's transaction, which holds the identity lock."""
    leads = person.lead_ids
    owned = {
        "kinds": [kind for kind, _ in person.identifiers],
        "identifiers": [value for _, value in person.identifiers],
    }
    queries.run(connection, "keep_account", lead_ids=leads)
    queries.run(connection, "erase_leads", lead_ids=leads, now=now)
    queries.run(connection, "delete_aliases", lead_ids=leads)
    queries.run(connection, "delete_mailboxes", lead_ids=leads)
    queries.run(connection, "delete_unannounced", lead_ids=leads)
    queries.run(connection, "delete_traits", lead_ids=leads)
    queries.run(connection, "delete_claims", lead_ids=leads)
    queries.run(connection, "delete_claimed_browsers", lead_ids=leads)
    queries.run(connection, "delete_sightings", lead_ids=leads, **owned)
    queries.run(connection, "delete_violations", lead_ids=leads, **owned)
    queries.run(connection, "clear_merges", lead_ids=leads, pattern=person.pattern)
    queries.run(connection, "clear_ties", lead_ids=leads, pattern=person.pattern)
    queries.run(connection, "clear_uncounted", lead_ids=leads, pattern=person.pattern)
    queries.run(connection, "clear_decisions", lead_ids=leads, pattern=person.pattern)
    queries.run(connection, "clear_unresolved", event_seqs=list(event_seqs), **owned)


def list_living(connection: Connection) -> list[PersonIdentifier]:
    """Return every identifier of a lead that is not erased; reads all of them."""
    return queries.all(connection, "list_living", PersonIdentifier)


def find_owner(connection: Connection, kind: str, value: str) -> int | None:
    """Return the lead of an identifier."""
    owner: int | None = queries.value(connection, "find_owner", kind=kind, identifier=value)
    return owner


def purge_anonymous_events(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete events that arrived before `before` and belong to nobody; within the caller's transaction.

    Waits for a resolver that is at work: it may be about to give these events to a lead.
    """
    hold_lock(connection, Lock.RESOLVER)
    seqs = queries.values(connection, "forget_anonymous_events", before=before, max_rows=max_rows)
    queries.run(connection, "forget_claims", seqs=seqs)
    queries.run(connection, "forget_late_events", seqs=seqs)
    return delete_events(connection, seqs)


def find_canary_lead(connection: Connection, email: str) -> int | None:
    """Return the lead of a simulated visitor; None where there is none."""
    lead_id: int | None = queries.value(connection, "find_canary_lead", email=email)
    return lead_id


def list_canary_events(connection: Connection, lead_id: int) -> list[int]:
    """Return the numbers of all events that belong to a simulated visitor's lead."""
    return queries.values(connection, "list_canary_events", lead_id=lead_id)


def empty_inbox(connection: Connection, *, event_ids: Sequence[str]) -> None:
    """Take events of a simulated visitor out of the inbox, in the caller's transaction."""
    queries.run(connection, "empty_inbox", event_ids=list(event_ids))


def remove_canary(connection: Connection, lead_id: int) -> None:
    """Delete a simulated visitor's lead, in the caller's transaction, which holds the identity lock.

    The note of the address stays, so that whatever comes later under it counts for nothing either.
    """
    queries.run(connection, "remove_canary", lead_id=lead_id)


OLD_ROWS = (OldRows("anonymous_events", purge_anonymous_events),)
