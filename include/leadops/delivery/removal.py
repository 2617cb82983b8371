"""Passes an erasure on to the MA and the CRM, forgets what was sent about a person, and deletes old calls."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.delivery.adopt_crm_leads import hash_address
from leadops.delivery.build_totals import forget_totals
from leadops.delivery.outbox import enqueue_effect, make_nonce
from leadops.erased.erased_person import ErasedPerson, PersonIdentifier
from leadops.housekeeping.old_rows import OldRows
from leadops.queries import Queries

queries = Queries(__file__)

#: The operation that asks another system to erase a lead.
ERASE = "erase_lead"


class SystemLead(NamedTuple):
    """A lead as another system may have it."""

    target: str
    lead_id: int


def list_system_ids(connection: Connection, lead_ids: Sequence[int]) -> list[PersonIdentifier]:
    """Return the ids of the leads in the MA and the CRM, as identifiers."""
    return queries.all(connection, "list_system_ids", PersonIdentifier, lead_ids=list(lead_ids))


def erase_delivery(connection: Connection, person: ErasedPerson, *, now: datetime) -> list[str]:
    """Clear the outbox, and ask each system that has the person to erase it; return these systems.

    What was not sent yet is dropped. A call whose outcome is unknown goes on; the request to erase waits
    behind it, and so does the rest of what names the person: see `forget_settled`.
    """
    leads = person.lead_ids
    systems = queries.all(connection, "list_systems", SystemLead, lead_ids=leads, operation=ERASE)
    _drop_unsent(connection, leads, now=now)
    queries.run(connection, "delete_held", lead_ids=leads)
    forget_totals(connection, leads)
    queries.run(connection, "clear_settled", lead_ids=leads, operation=ERASE, now=now)
    queries.run(connection, "clear_bodies", ma_ids=person.of_kind("ma_id"))
    queries.run(
        connection,
        "delete_found",
        address_hashes=[hash_address(email) for email in person.of_kind("email")],
        external_ids=person.of_kind("ma_id", "crm_id"),
    )
    for target, lead_id in systems:
        enqueue_effect(
            connection,
            target=target,
            operation=ERASE,
            payload={},
            idempotency_key=f"erase-{target}-{lead_id}-{make_nonce()}",
            lead_id=lead_id,
            now=now,
        )
    queries.run(connection, "hide_ids", lead_ids=leads, operation=ERASE, now=now)
    return sorted({target for target, _ in systems})


def forget_settled(connection: Connection, lead_ids: Sequence[int], *, now: datetime) -> bool:
    """Forget what the settled calls about erased leads hold; return whether no call is left.

    A request to erase that a system refused is a dead letter, and its lead's id there is kept until somebody
    has decided on it. Batches that were under way lose the id as soon as no call needs it.
    """
    leads = list(lead_ids)
    before = list_system_ids(connection, leads)
    _drop_unsent(connection, leads, now=now)
    queries.run(connection, "drop_hopeless", lead_ids=leads, operation=ERASE, now=now)
    queries.run(connection, "clear_settled", lead_ids=leads, operation=ERASE, now=now)
    queries.run(connection, "delete_held", lead_ids=leads)
    forget_totals(connection, leads)
    queries.run(connection, "hide_ids", lead_ids=leads, operation=ERASE, now=now)
    hidden = set(before) - set(list_system_ids(connection, leads))
    if ma_ids := sorted(name.value for name in hidden if name.kind == "ma_id"):
        queries.run(connection, "clear_bodies", ma_ids=ma_ids)
    return not queries.value(connection, "has_open", lead_ids=leads, operation=ERASE)


def _drop_unsent(connection: Connection, leads: list[int], *, now: datetime) -> None:
    """Drop what is not sent, and what was refused for good, as a call that was under way may be later."""
    queries.run(connection, "drop_unsent", lead_ids=leads, operation=ERASE, now=now)
    queries.run(connection, "close_letters", lead_ids=leads, operation=ERASE, now=now)


def purge_batches(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete up to `max_rows` batches that were settled before `before`; return how many."""
    return queries.run(connection, "purge_batches", before=before, max_rows=max_rows)


def purge_effects(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Clear the contents of up to `max_rows` effects settled before `before`; return how many.

    The row and its key stay: the key keeps the effect from being enqueued twice.
    """
    return queries.run(connection, "purge_effects", before=before, max_rows=max_rows)


def purge_call_counts(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete up to `max_rows` counts of calls from before `before` (UTC); return how many."""
    return queries.run(connection, "purge_call_counts", before=before, max_rows=max_rows)


def is_canary_settled(connection: Connection, lead_id: int) -> bool:
    """Return whether no call about a simulated visitor's lead is open, nor a request to erase it refused."""
    settled: bool = queries.value(connection, "is_canary_settled", lead_id=lead_id, operation=ERASE)
    return settled


def remove_canary(connection: Connection, lead_id: int) -> None:
    """Delete what was sent about a simulated visitor's lead, in the caller's transaction; see above."""
    queries.run(connection, "remove_canary", lead_id=lead_id)


OLD_ROWS = (
    OldRows("calls", purge_batches),
    OldRows("calls", purge_effects),
    OldRows("calls", purge_call_counts),
)
