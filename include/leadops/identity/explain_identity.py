"""Why an identifier is a lead's, and why another is not: the evidence of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.identity.email_kinds import EmailKind, classify_email
from leadops.identity.find_lead import find_lead
from leadops.identity.identity_settings import IdentitySettings
from leadops.queries import Queries

queries = Queries(__file__)

#: Claims that are shown; there may be many more, because anybody can send them.
MAX_CLAIMS = 20


@dataclass(frozen=True)
class OwnIdentifier:
    """An identifier of the person, and the event that tied it."""

    kind: str
    value: str
    linked_at: datetime  # UTC
    event: str | None  # the event's name, None if it was imported or is not on record
    ts: datetime | None  # when the event happened, UTC
    event_id: str | None
    other_leads: int  # with how many other leads' emails it was seen
    lead_id: int  # whose it is, of the person's leads
    is_imported: bool  # an import tied it, so there is no event
    proof: str | None  # of the event: write_key, form, verified, or claim


@dataclass(frozen=True)
class ForeignIdentifier:
    """An identifier seen with the person's email that is another lead's; `lead_id` 0: nobody's."""

    kind: str
    value: str
    lead_id: int
    event: str | None
    ts: datetime | None  # UTC
    event_id: str | None


@dataclass(frozen=True)
class ClaimRecord:
    """An event without proof that names the person, or of a browser that did, so that it is not theirs."""

    event: str
    ts: datetime  # UTC
    event_id: str
    anonymous_id: str | None
    reason: str  # only_claimed or proven_lead: what the named lead was; unproven_id: it names a user id;
    # claimed_browser: it names nobody, but its browser had claimed to be this person
    has_points: bool  # it gives a lead that is only claimed points, up to the cap
    claims: int  # how many such events there are


@dataclass(frozen=True)
class MergeRecord:
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
class PersonSummary:
    """A person by their oldest lead."""

    lead_id: int
    email: str | None
    created_at: datetime  # UTC
    only_claimed: bool
    account: str | None  # the company's registrable domain
    events: int  # events of the person
    members: list[int]  # their leads, if there are several


@dataclass(frozen=True)
class IdentityExplanation:
    """All that ties a person together."""

    lead_id: int  # their oldest lead
    created_at: datetime  # UTC
    email_kind: EmailKind | None  # None: an imported lead whose address is not known
    account: str | None  # the company's registrable domain
    events: int  # events of the person
    identifiers: list[OwnIdentifier]
    foreign_identifiers: list[ForeignIdentifier]
    leads: list[int]  # all of the person's
    merges: list[MergeRecord]  # what merged them, and what once did
    only_claimed: bool  # only events without proof speak of them
    claims: list[ClaimRecord]  # the newest events that are only claims


def explain_identity(
    connection: Connection, lead: int | str, *, settings: IdentitySettings
) -> IdentityExplanation:
    """Return what ties the person of `lead` (a lead_id or an email) together.

    Raises PermanentError when there is no such lead.
    """
    person_id = find_lead(connection, lead).person_id
    person = queries.one(connection, "find_person", PersonSummary, person_id=person_id)
    leads = person.members or [person.lead_id]
    return IdentityExplanation(
        lead_id=person.lead_id,
        created_at=person.created_at,
        email_kind=classify_email(
            person.email, role_names=settings.role_names, not_companies=settings.not_companies
        )
        if person.email
        else None,
        account=person.account,
        events=person.events,
        identifiers=queries.all(connection, "list_own_identifiers", OwnIdentifier, lead_ids=leads),
        foreign_identifiers=queries.all(
            connection, "list_foreign_identifiers", ForeignIdentifier, lead_ids=leads
        ),
        leads=leads,
        merges=list_merges(connection, leads),
        only_claimed=person.only_claimed,
        claims=queries.all(connection, "list_claims", ClaimRecord, lead_ids=leads, max_rows=MAX_CLAIMS),
    )


def list_merges(connection: Connection, lead_ids: Sequence[int]) -> list[MergeRecord]:
    """Return what merged one of these leads with another, and what once did, in the order of the merges."""
    return queries.all(connection, "list_merges", MergeRecord, lead_ids=list(lead_ids))
