"""Finds or creates the leads of an export: by their id in the CRM, by their address, or by both."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from leadops.db import Connection
from leadops.errors import TransientError
from leadops.identity.link_resolver import Identifier
from leadops.identity.new_leads import announce_leads
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries

queries = Queries(__file__, topic="new_leads")

#: A lead that a visitor's event makes at the same moment is found the second time.
TRIES = 5


class IdentifierOwner(NamedTuple):
    """Whose an identifier is; 0: nobody's."""

    kind: str
    value: str
    lead_id: int


@dataclass(frozen=True)
class ImportedLead:
    """What a row says about a lead; at least one of `crm_id` and `email` (lower case) is given."""

    crm_id: str | None
    email: str | None
    created_at: datetime  # the first contact, UTC
    campaign: str | None = None
    source: str | None = None
    linked_to: int | None = None  # the lead_id that the CRM's id is known to mean already

    @property
    def identifiers(self) -> list[Identifier]:
        """Return what it is known by, as (kind, value)."""
        pairs = (("crm_id", self.crm_id), ("email", self.email))
        return [(kind, value) for kind, value in pairs if value]

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return the key by which the row of the first contact is chosen, in whatever order rows come."""
        names = (self.source, self.campaign)
        return (self.created_at, *((name is None, name or "") for name in names))


class ImportedLeads(NamedTuple):
    """The lead of each row, in order (0: its two identifiers belong to two leads); new and changed leads."""

    lead_ids: list[int]
    created: set[int]
    changed: set[int]


def import_leads(
    connection: Connection,
    leads: Sequence[ImportedLead],
    *,
    now: datetime,
    blocked: Collection[str] = (),
    rehearse: bool = False,
) -> ImportedLeads:
    """Find or create the lead of each row, in the caller's transaction; the same rows again change nothing.

    A lead's first contact is the earliest that any row tells, with its campaign and source, so the order of
    the rows does not matter. A new address makes the lead known in the MA and has it scored, in the backfill
    lane; a `blocked` address ties nothing. A lead without an address is not announced anywhere. `now` (UTC)
    dates the links. With `rehearse`, for a transaction that the caller rolls back, new leads are -1, -2, …,
    so that no number is used up. Raises TransientError when other processes keep creating the same leads.
    """
    rows = [replace(row, email=None) if row.crm_id and row.email in blocked else row for row in leads]
    hold_lock(connection, Lock.LEAD_IMPORT)  # two imports at once must not make the same lead
    for _ in range(TRIES):
        with connection.transaction() as attempt:
            imported = _import(connection, rows, now, rehearse=rehearse)
            if imported is None:
                raise psycopg.Rollback(attempt)
            return imported
    raise TransientError("other processes keep creating leads of the file at the same time; try again")


def find_owners(connection: Connection, identifiers: Collection[Identifier]) -> dict[Identifier, int]:
    """Return the lead of each of the `identifiers`, as (kind, value); those of nobody are not in it."""
    pairs = sorted(set(identifiers))
    rows = queries.all(
        connection,
        "find_owners",
        IdentifierOwner,
        kinds=[kind for kind, _ in pairs],
        identifiers=[value for _, value in pairs],
    )
    return {(row.kind, row.value): row.lead_id for row in rows if row.lead_id}


def rename_crm_ids(connection: Connection, *, prefix: str) -> None:
    """Put `prefix` before the CRM's ids of all leads: they were of an account that is not the CRM any more.

    In the caller's transaction. Exports of the new account name other leads by the same ids.
    """
    queries.run(connection, "rename_crm_ids", prefix=prefix)


def _import(
    connection: Connection, rows: Sequence[ImportedLead], now: datetime, *, rehearse: bool
) -> ImportedLeads | None:
    """Import the rows once; return None if somebody else made one of the leads meanwhile."""
    owners = find_owners(connection, [name for row in rows for name in row.identifiers])
    leads: list[int] = []  # of each row; below 0: a new one
    links: dict[Identifier, int] = {}
    best: dict[int, ImportedLead] = {}
    newest = 0
    for row in rows:
        known = {owners[name] for name in row.identifiers if name in owners}
        known |= {row.linked_to} if row.linked_to else set()
        if len(known) > 1:
            leads.append(0)
            continue
        if not known:
            newest -= 1
        lead = known.pop() if known else newest
        links |= {name: lead for name in row.identifiers if name not in owners}
        owners |= dict.fromkeys(row.identifiers, lead)
        best[lead] = min(row, best.get(lead, row), key=lambda candidate: candidate.rank)
        leads.append(lead)
    new_ids: list[int] = list(range(-1, newest - 1, -1))
    if not rehearse:
        new_ids = queries.values(connection, "take_lead_ids", count=-newest)
    number = {lead: new_ids[-lead - 1] if lead < 0 else lead for lead in best}
    emails = {number[lead]: value for (kind, value), lead in reversed(links.items()) if kind == "email"}
    columns = _columns({number[lead]: row for lead, row in best.items()})
    addresses = [emails.get(lead) for lead in columns["lead_ids"]]
    values = {**columns, "emails": addresses, "new_ids": new_ids, "now": now}
    if queries.run(connection, "insert_imported", **values) < len(new_ids):
        return None
    queries.run(connection, "prove_imported", lead_ids=columns["lead_ids"], lane=Lane.BACKFILL, now=now)
    changed = queries.values(connection, "update_first_contacts", **columns)
    addressed = queries.values(
        connection,
        "link_identifiers",
        kinds=[kind for kind, _ in links],
        identifiers=[value for _, value in links],
        owners=[number[lead] for lead in links.values()],
        lead_ids=columns["lead_ids"],
        emails=addresses,
        now=now,
    )
    announce_leads(connection, addressed, lane=Lane.BACKFILL, now=now)
    dates = {"lead_ids": columns["lead_ids"], "created": columns["created"]}
    queries.run(connection, "date_imported_domains", **dates)
    queries.run(connection, "enqueue_imported", lead_ids=addressed, lane=Lane.BACKFILL)
    return ImportedLeads([number[lead] if lead else 0 for lead in leads], set(new_ids), set(changed))


def _columns(best: dict[int, ImportedLead]) -> dict[str, list[Any]]:
    rows = best.values()
    return {
        "lead_ids": list(best),
        "created": [row.created_at for row in rows],
        "campaigns": [row.campaign for row in rows],
        "sources": [row.source for row in rows],
    }
