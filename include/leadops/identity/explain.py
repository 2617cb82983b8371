"""Why an identifier is a lead's, and why another is not: the evidence of each."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.errors import PermanentError
from leadops.identity.companies import MailKind, judge_email
from leadops.identity.identity_settings import IdentitySettings


@dataclass(frozen=True)
class Join:
    """An identifier of the lead, and the event that tied it."""

    kind: str
    value: str
    linked_at: datetime  # UTC
    event: str | None  # the event's name, None where it was imported or is not on record
    ts: datetime | None  # when the event happened, UTC
    event_id: str | None
    other_leads: int  # with how many other leads' emails it was seen
    lead_id: int  # whose it is, of the person's leads
    is_imported: bool  # an import tied it, so there is no event


@dataclass(frozen=True)
class Stranger:
    """An identifier seen with the lead's email that is another lead's; `lead_id` 0: nobody's."""

    kind: str
    value: str
    lead_id: int
    event: str | None
    ts: datetime | None  # UTC
    event_id: str | None


@dataclass(frozen=True)
class Merged:
    """Two leads that an identifier showed to be one person, with the event that completed the evidence."""

    merge_id: int
    older: int
    younger: int
    kind: str
    value: str
    event: str | None
    ts: datetime | None  # UTC
    event_id: str | None
    merged_at: datetime  # UTC
    undone_at: datetime | None  # UTC; None: it holds
    undone_by: str | None  # None: nobody split it, the evidence did not hold
    undone_because: str | None


@dataclass(frozen=True)
class Person:
    """All that ties a person together."""

    lead_id: int  # their oldest lead
    created_at: datetime  # UTC
    mail_kind: MailKind | None  # None: an imported lead whose address is not known
    account: str | None  # the company's registrable domain
    events: int  # events that are the person's
    joins: list[Join]
    strangers: list[Stranger]
    leads: list[int]  # all of the person's
    merges: list[Merged]  # what joined them, and what once did


def explain_identity(connection: Connection, lead: int | str, *, settings: IdentitySettings) -> Person:
    """Return what ties the person of `lead` (a lead_id or an email) together.

    Raises PermanentError without such a lead.
    """
    values = {"lead_id": find_lead(connection, lead)}
    found = connection.execute(load_sql("leadops.identity", "find_person"), values).fetchone()
    assert found is not None  # noqa: S101 - a lead is somebody
    lead_id, email, created_at, account, events, members = found
    key = {"leads": members or [lead_id]}
    joins = connection.execute(load_sql("leadops.identity", "explain_aliases"), key).fetchall()
    strangers = connection.execute(load_sql("leadops.identity", "explain_strangers"), key).fetchall()
    merges = connection.execute(load_sql("leadops.identity", "explain_merges"), key).fetchall()
    return Person(
        lead_id=lead_id,
        created_at=created_at,
        mail_kind=judge_email(email, role_names=settings.role_names, not_companies=settings.not_companies)
        if email
        else None,
        account=account,
        events=events,
        joins=[Join(*row) for row in joins],
        strangers=[Stranger(*row) for row in strangers],
        leads=key["leads"],
        merges=[Merged(*row) for row in merges],
    )


def find_lead(connection: Connection, lead: int | str) -> int:
    """Return the number of the lead with this number or email; raise PermanentError where there is none."""
    by_email = isinstance(lead, str)
    values = {
        "lead_id": None if by_email else lead,
        "email": lead.strip().lower() if isinstance(lead, str) else None,
    }
    found = connection.execute(load_sql("leadops.identity", "find_lead"), values).fetchone()
    if found is None:
        raise PermanentError(
            "nobody has this email; give an email or a lead_id that leadops knows"
            if by_email
            else f"there is no lead {lead}; give a lead_id or an email that leadops knows"
        )
    return int(found[0])
