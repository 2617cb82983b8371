"""What ends memberships, read at this moment: what sales, the CRM, the MA and the people themselves said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol, Self

from leadops.consent.read_consent import Consent, read_consent
from leadops.db import Connection
from leadops.lifecycle.account_states import read_account_states
from leadops.nurture.membership_states import EndReason
from leadops.nurture.people_in_nurture import PersonLead, pair_members
from leadops.queries import Queries

queries = Queries(__file__, topic="read_due")

#: Later than any clock says.
FOREVER = datetime.max.replace(tzinfo=UTC)


class _Membership(Protocol):
    @property
    def membership_id(self) -> int: ...
    @property
    def person_id(self) -> int: ...
    @property
    def entered_at(self) -> datetime: ...


@dataclass(frozen=True)
class AskedMembership:
    """A membership, its person, and the exits of its programme."""

    membership_id: int
    person_id: int
    entered_at: datetime
    exits: frozenset[str]

    @classmethod
    def of(cls, row: _Membership, exits: Iterable[str]) -> Self:
        """Return the membership of `row`, which goes by a version of its programme with these `exits`."""
        return cls(row.membership_id, row.person_id, row.entered_at, frozenset(exits))


@dataclass(frozen=True)
class _PersonFacts:
    """What ends memberships of a person.

    `sal_until`, `contacted_until`: when the last cycle ended that sales accepted, or contacted them in; far
    ahead while it is open, None where there was none. A contact outside of any cycle counts for
    `contacted_within`.
    """

    person_id: int
    is_erased: bool
    is_internal: bool
    is_customer: bool
    is_bounced: bool
    sal_until: datetime | None
    contacted_until: datetime | None


class ContactWords(NamedTuple):
    """By which kinds of activity and statuses of the CRM sales contact somebody, as keys."""

    kinds: tuple[str, ...]
    statuses: tuple[str, ...]


def follow_sales_words(connection: Connection, words: ContactWords, *, contacted_within: timedelta) -> None:
    """Put these words in force, in the caller's transaction: delivery asks about exits without settings."""
    queries.run(
        connection,
        "note_sales_words",
        kinds=sorted(words.kinds),
        statuses=sorted(words.statuses),
        contacted_within=contacted_within,
    )


def read_exits(
    connection: Connection,
    asked: Sequence[AskedMembership],
    members: Sequence[PersonLead],
    *,
    at: Mapping[int, datetime] | None = None,
) -> dict[int, EndReason]:
    """Return why memberships end now, by membership; those that go on are left out.

    `at` (UTC, by person) says as of which moment; without it all that is known counts, whatever its clock.

    `members` are all leads of the people. Who may not get mail, was erased or is one of our own leaves any
    programme; the rest decides where the programme names it among its exits.
    """
    if not asked:
        return {}
    people = sorted({membership.person_id for membership in asked})
    facts = {
        row.person_id: row
        for row in queries.all(
            connection,
            "read_facts",
            _PersonFacts,
            moments=[at[member.person_id] if at else FOREVER for member in members],
            **pair_members(members),
        )
    }
    colleagues = {
        lead_id
        for lead_id, account in read_account_states(connection, people).items()
        if account.state == "customer"
    }
    consents = {
        person: _recall(consent, at[person] if at else None)
        for person, consent in read_consent(connection, people).items()
    }
    found = {}
    for membership in asked:
        person = facts.get(membership.person_id)
        consent = consents.get(membership.person_id)
        if person and (reason := _find_exit(membership, person, colleagues=colleagues, consent=consent)):
            found[membership.membership_id] = reason
    return found


def _recall(consent: Consent, at: datetime | None) -> Consent:
    """Return a consent as it was `at` a moment: before the last word was said, the person may get mail."""
    is_later = at is not None and consent.since is not None and consent.since > at
    return replace(consent, may_mail=True) if is_later else consent


def _find_exit(
    membership: AskedMembership,
    person: _PersonFacts,
    *,
    colleagues: set[int],
    consent: Consent | None,
) -> EndReason | None:
    # A cycle that had ended before the membership began does not count.
    def is_within(until: datetime | None) -> bool:
        return until is not None and until >= membership.entered_at

    holds: Mapping[EndReason, bool] = {
        EndReason.BOUNCED: person.is_bounced,
        EndReason.CUSTOMER: person.is_customer or person.person_id in colleagues,
        EndReason.SAL: is_within(person.sal_until),
        EndReason.CONTACTED: is_within(person.contacted_until),
    }
    if person.is_erased:
        return EndReason.ERASED
    if person.is_internal:
        return EndReason.INTERNAL
    if consent is None or not consent.may_mail:
        return EndReason.OPT_OUT if consent and consent.word else EndReason.NO_CONSENT
    return next((reason for reason, is_so in holds.items() if is_so and reason in membership.exits), None)
