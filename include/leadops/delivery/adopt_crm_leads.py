"""Adopts the leads that the CRM got while the database was ahead: no salesperson's lead is created twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from leadops.db import Connection
from leadops.delivery.external_ids import save_external_id
from leadops.products.crm_client import CrmClient
from leadops.queries import Queries

queries = Queries(__file__, topic="restored")

TARGET = "crm"
#: Leads that a list names; all are counted.
MAX_NAMED = 5


@dataclass(frozen=True)
class AdoptedLeads:
    """What was found, and who has our leads in the CRM: (lead_id, id of the salesperson)."""

    difference: "CrmDifference"
    owners: list[tuple[int, str]]


@dataclass(frozen=True)
class CrmDifference:
    """Leads of the CRM that the database does not know: those of people whom it knows, and the others.

    `by_key` of them are the outcome of a request that was under way.
    """

    leads: int
    by_key: int
    of_known: int
    of_unknown: int
    unknown_ids: list[str]


@dataclass(frozen=True)
class _Request:
    """A request that the CRM has carried out, and the id that it gave."""

    outbox_id: int
    lead_id: int
    crm_id: str


@dataclass(frozen=True)
class _OwnedLead:
    """A lead of ours, and the salesperson who has it in the CRM."""

    lead_id: int
    owner_id: str


@dataclass(frozen=True)
class _KnownPerson:
    """A lead of ours that is in the CRM under an id that we do not know."""

    lead_id: int
    crm_id: str


def find_crm_difference(connection: Connection, client: CrmClient) -> CrmDifference | None:
    """Return what the CRM has beyond the database; None where it cannot list its leads. Changes nothing.

    Raises TransientError or PermanentError when the CRM does not answer.
    """
    with connection.transaction():
        if not _read_leads(connection, client):
            return None
        return queries.one(connection, "sum_difference", CrmDifference, max_rows=MAX_NAMED)


def adopt_crm_leads(connection: Connection, client: CrmClient, *, now: datetime) -> AdoptedLeads | None:
    """Adopt the CRM's leads, in one commit; return what was found, None where it cannot list them.

    A request under way whose key the CRM has is done. A lead of somebody we know gets the CRM's id, and
    counts as requested. The others are kept by the hash of their address, until the same person is requested.
    """
    with connection.transaction():
        if not _read_leads(connection, client):
            return None
        difference = queries.one(connection, "sum_difference", CrmDifference, max_rows=MAX_NAMED)
        for request in queries.all(connection, "find_requests", _Request):
            save_external_id(
                connection, target=TARGET, lead_id=request.lead_id, external_id=request.crm_id, now=now
            )
            queries.run(connection, "settle_request", outbox_id=request.outbox_id, now=now)
        queries.run(connection, "keep_found", now=now)
        for person in queries.all(connection, "find_known_people", _KnownPerson):
            save_external_id(
                connection, target=TARGET, lead_id=person.lead_id, external_id=person.crm_id, now=now
            )
        owners = queries.all(connection, "list_owners", _OwnedLead)
        return AdoptedLeads(difference, [(owned.lead_id, owned.owner_id) for owned in owners])


def drop_owner_requests(connection: Connection, lead_ids: Sequence[int], *, now: datetime) -> None:
    """Give up requests of an owner for these leads, in the caller's transaction: the CRM's owner stays."""
    queries.run(connection, "drop_owner_requests", lead_ids=list(lead_ids), now=now)


def take_found_lead(connection: Connection, *, target: str, address: str, now: datetime) -> str | None:
    """Return the id of a lead that the target already has for `address`, once; None without one."""
    found: str | None = queries.value(
        connection, "take_found", target=target, address_hash=hash_address(address), now=now
    )
    return found


def hash_address(address: str) -> str:
    """Return by what an address is compared without being kept."""
    return sha256(address.strip().lower().encode()).hexdigest()


def _read_leads(connection: Connection, client: CrmClient) -> bool:
    leads = client.iterate_leads()
    if leads is None:
        return False

    def read() -> Iterator[tuple[str, str, str, str | None, str | None]]:
        for lead in leads:
            if lead.external_id is not None and lead.email is not None:
                address = lead.email.strip().lower()
                yield lead.external_id, address, hash_address(address), lead.request_key, lead.owner_id

    queries.run(connection, "create_crm_leads")
    queries.copy(connection, "copy_crm_leads", read())
    queries.run(connection, "delete_repeated")
    return True
