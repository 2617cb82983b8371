"""Finds or makes the leads of an export: by what the CRM calls them, by their address, or by both."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from leadops.db import Connection, load_sql
from leadops.errors import TransientError

#: Any constant: two imports at once wait for each other, so that neither makes a lead that the other makes.
IMPORT_LOCK = 7_302_016
#: A lead that a visitor's event makes at the same moment is found the second time.
TRIES = 5

Identifier = tuple[str, str]


@dataclass(frozen=True)
class ImportedLead:
    """What a row says of a lead; at least one of `crm_id` and `email` (lower case) is given."""

    crm_id: str | None
    email: str | None
    created_at: datetime  # the first contact, UTC
    campaign: str | None = None
    source: str | None = None
    linked_to: int | None = None  # the lead_id that the CRM's id is known to mean already

    @property
    def identifiers(self) -> list[Identifier]:
        """What it is known by, as (kind, value)."""
        pairs = (("crm_id", self.crm_id), ("email", self.email))
        return [(kind, value) for kind, value in pairs if value]

    @property
    def rank(self) -> tuple[Any, ...]:
        """By which the row that tells of the first contact is chosen, in whatever order they come."""
        names = (self.source, self.campaign)
        return (self.created_at, *((name is None, name or "") for name in names))


class ImportedLeads(NamedTuple):
    """Whose each row is, in order (0: its two identifiers are two leads'); the new leads, the changed."""

    lead_ids: list[int]
    made: set[int]
    changed: set[int]


def import_leads(
    connection: Connection,
    leads: Sequence[ImportedLead],
    *,
    now: datetime,
    blocked: Collection[str] = (),
    rehearse: bool = False,
) -> ImportedLeads:
    """Find or make the lead of each row, in the caller's transaction; the same rows again change nothing.

    A lead's first contact is the earliest that any row tells, with its campaign and source, so the order of
    the rows does not matter. A new address makes the lead known in the MA, in the low lane; one of `blocked`
    ties nothing. A lead without an address asks for nothing anywhere. `now` (UTC) dates the links. With
    `rehearse`, for a transaction that the caller undoes, new leads are -1, -2, …: no number is used up.
    Raises TransientError where others keep making the same leads.
    """
    rows = [replace(row, email=None) if row.crm_id and row.email in blocked else row for row in leads]
    connection.execute("select pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    for _ in range(TRIES):
        with connection.transaction() as attempt:
            found = _import(connection, rows, now, rehearse=rehearse)
            if found is None:
                raise psycopg.Rollback(attempt)
            return found
    raise TransientError("leads of the file are being made by others at once; try again")


def find_leads(connection: Connection, identifiers: Collection[Identifier]) -> dict[Identifier, int]:
    """Return whose the `identifiers`, as (kind, value), are; those that are nobody's are not in it."""
    pairs = sorted(set(identifiers))
    rows = connection.execute(
        load_sql("leadops.identity", "find_leads"),
        {"kinds": [kind for kind, _ in pairs], "values": [value for _, value in pairs]},
    )
    return {(kind, value): int(lead) for kind, value, lead in rows if lead}


def _import(
    connection: Connection, rows: Sequence[ImportedLead], now: datetime, *, rehearse: bool
) -> ImportedLeads | None:
    """Do it once; None where somebody else made one of the leads meanwhile."""
    owners = find_leads(connection, [each for row in rows for each in row.identifiers])
    placed: list[int] = []
    links: dict[Identifier, int] = {}
    best: dict[int, ImportedLead] = {}
    newest = 0
    for row in rows:
        known = {owners[each] for each in row.identifiers if each in owners}
        known |= {row.linked_to} if row.linked_to else set()
        if len(known) > 1:
            placed.append(0)
            continue
        if not known:
            newest -= 1
        lead = known.pop() if known else newest
        links |= {each: lead for each in row.identifiers if each not in owners}
        owners |= dict.fromkeys(row.identifiers, lead)
        best[lead] = min(row, best.get(lead, row), key=lambda each: each.rank)
        placed.append(lead)
    ids = list(range(-1, newest - 1, -1)) if rehearse else _take_ids(connection, -newest)
    number = {lead: ids[-lead - 1] if lead < 0 else lead for lead in best}
    emails = {number[lead]: value for (kind, value), lead in reversed(links.items()) if kind == "email"}
    values = _columns({number[lead]: row for lead, row in best.items()}, emails)
    values |= {"now": now, "made": ids}
    if connection.execute(load_sql("leadops.identity", "make_imported"), values).rowcount < len(ids):
        return None
    changed = connection.execute(load_sql("leadops.identity", "change_imported"), values).fetchall()
    values |= {
        "kinds": [kind for kind, _ in links],
        "identifiers": [value for _, value in links],
        "owners": [number[lead] for lead in links.values()],
    }
    connection.execute(load_sql("leadops.identity", "link_imported"), values)
    return ImportedLeads(
        [number[lead] if lead else 0 for lead in placed], set(ids), {int(lead) for (lead,) in changed}
    )


def _take_ids(connection: Connection, count: int) -> list[int]:
    rows = connection.execute(load_sql("leadops.identity", "take_lead_ids"), {"count": count})
    return [int(lead) for (lead,) in rows]


def _columns(best: dict[int, ImportedLead], emails: dict[int, str]) -> dict[str, Any]:
    rows = best.values()
    return {
        "leads": list(best),
        "emails": [emails.get(lead) for lead in best],
        "created": [row.created_at for row in rows],
        "campaigns": [row.campaign for row in rows],
        "sources": [row.source for row in rows],
    }
