"""Companies and mails whose acts an operator knows to be people's: no signal takes them for a machine's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from leadops.db import Connection
from leadops.identity.company_domain import find_company_domain
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__, topic="mail_acts")

AllowedKind = Literal["company", "mail"]


@dataclass(frozen=True)
class AllowedActs:
    """A company (by its registrable domain) or a mail (by its id) that is allowed, by whom and why."""

    kind: AllowedKind
    value: str
    allowed_at: datetime
    allowed_by: str
    reason: str


def allow_acts(
    connection: Connection, *, kind: AllowedKind, value: str, by: str, reason: str, now: datetime
) -> int:
    """Allow the acts of a company or a mail; return how many leads are classified again.

    Their points come back with the next run of scoring, behind what happens now. Allowing again changes
    nothing. `now` is UTC.
    """
    with connection.transaction():
        if not queries.run(connection, "allow", kind=kind, value=value, by=by, reason=reason, now=now):
            return 0
        return _enqueue_leads(connection, kind, value)


def disallow_acts(connection: Connection, *, kind: AllowedKind, value: str) -> int | None:
    """Undo an allow_acts; return how many leads are classified again, None if it was not allowed."""
    with connection.transaction():
        if not queries.run(connection, "disallow", kind=kind, value=value):
            return None
        return _enqueue_leads(connection, kind, value)


def _enqueue_leads(connection: Connection, kind: AllowedKind, value: str) -> int:
    if kind == "mail":
        return queries.run(connection, "enqueue_mail", mail=value, lane=Lane.BACKFILL)
    below: list[str] = queries.values(connection, "list_domains_below", company=value)
    domains = [domain for domain in below if find_company_domain(domain) == value]
    return queries.run(connection, "enqueue_domains", domains=domains, lane=Lane.BACKFILL)


def list_allowed(connection: Connection) -> list[AllowedActs]:
    """Return what is allowed, the oldest first."""
    return queries.all(connection, "list_allowed_acts", AllowedActs)
