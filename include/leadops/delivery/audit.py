"""Proves that three numbers agree for every lead: the ledger's sum, the score, and the score in the MA."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from leadops.clients.lead_absence import LeadAbsence
from leadops.db import Connection
from leadops.delivery.compare_scores import (
    Comparison,
    LeadState,
    Suspect,
    UnmatchedLead,
    compare_all,
    compare_lead,
)
from leadops.delivery.presence import count_gone, record_absence
from leadops.products.product_client import ProductClient


@dataclass(frozen=True)
class AbsentLead:
    """A lead of ours that the MA does not have under `ma_id`, and its numbers."""

    suspect: Suspect
    ma_id: str
    absence: LeadAbsence
    state: LeadState

    @property
    def is_merged(self) -> bool:
        """Whether another lead of the MA stands for it."""
        return self.absence.merged_into not in (None, self.ma_id)


def settle_absent(
    connection: Connection, client: ProductClient, comparison: Comparison, *, max_missing: int, now: datetime
) -> tuple[Comparison, list[AbsentLead]]:
    """Record which leads of `comparison` are gone from the MA or were merged there; commits.

    Returns the comparison without them, and those that it is the first to miss. More than `max_missing` have
    a larger cause: then it stops looking, and records none of them. Raises TransientError or PermanentError
    when the MA cannot be read.
    """
    absent: list[AbsentLead] = []
    missing: list[AbsentLead] = []
    for suspect in comparison.suspects:
        if suspect.ma is not None or suspect.external_id is None or len(missing) > max_missing:
            continue
        compared = compare_lead(connection, client, suspect)
        if compared.absence is not None and not compared.state.is_inconsistent:
            lead = AbsentLead(suspect, suspect.external_id, compared.absence, compared.state)
            absent.append(lead)
            if not lead.is_merged:
                missing.append(lead)
    is_too_many = len(missing) > max_missing
    recorded = [lead for lead in absent if lead.is_merged or not is_too_many]
    with connection.transaction():
        for lead in recorded:
            record_absence(connection, target="ma", external_id=lead.ma_id, absence=lead.absence, now=now)
    settled = {lead.suspect.lead_id for lead in absent}
    rest = [suspect for suspect in comparison.suspects if suspect.lead_id not in settled]
    # What waits for a lead that is gone is not under way.
    given_up = sum(lead.suspect.is_under_way for lead in recorded if not lead.is_merged)
    return replace(comparison, suspects=rest, under_way=comparison.under_way - given_up), missing


@dataclass(frozen=True)
class Difference:
    """A lead whose numbers do not agree (points); `ma` is None where the MA does not have the lead.

    `ma_seq` is the row of the ledger that stands beside the MA's score, where it keeps one: if it is older
    than `newest_seq`, an older total came last; if not, somebody changed the score there.
    """

    lead_id: int
    ledger: int
    score: int
    ma: int | None
    under_way: int
    ma_seq: int | None = None
    newest_seq: int = 0

    @classmethod
    def of(cls, lead_id: int, state: LeadState, ma: int | None, ma_seq: int | None = None) -> "Difference":
        """Return the difference between our side of a lead and its score in the MA."""
        return cls(lead_id, state.ledger, state.score, ma, state.under_way, ma_seq, state.newest_seq)

    @property
    def cause(self) -> str:
        """What the row beside the MA's score says of the difference; empty where there is none."""
        if self.ma_seq is None:
            return ""
        if self.ma_seq < self.newest_seq:
            return f"an older total: row {self.ma_seq} of {self.newest_seq}"
        return "changed in the MA"


@dataclass(frozen=True)
class AuditResult:
    """`leads` compared, of which `under_way` wait for a delivery; `differences` should be empty.

    `unmatched` counts the leads of the MA that are not ours; `unmatched_leads` are the first of them. `gone`
    counts our leads that the MA does not have any more; they are not compared.
    `unreadable` names our leads whose score in the MA is not a whole number.
    """

    leads: int
    ma_leads: int
    under_way: int
    differences: list[Difference]
    unmatched: int = 0
    unmatched_leads: list[UnmatchedLead] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    gone: int = 0


def audit_scores(
    connection: Connection, client: ProductClient, *, max_missing: int, now: datetime
) -> AuditResult:
    """Compare every lead with the MA; a lead that changes meanwhile is compared again, alone.

    Points under way are subtracted from the score before the comparison; a lead with a call of unknown
    outcome counts as under way. Leads that the MA does not have any more are recorded as gone (at `now`)
    and left out, unless they are more than `max_missing`. Raises TransientError or PermanentError when the
    MA cannot be read.
    """
    comparison = compare_all(connection, client, now=now)
    comparison, missing = settle_absent(connection, client, comparison, max_missing=max_missing, now=now)
    differences = []
    if len(missing) > max_missing:
        differences = [Difference.of(lead.suspect.lead_id, lead.state, None) for lead in missing]
    unreadable = []
    for suspect in comparison.suspects:
        compared = compare_lead(connection, client, suspect)
        if compared.differs:
            differences.append(Difference.of(suspect.lead_id, compared.state, compared.ma, compared.ma_seq))
        elif compared.is_unreadable:
            unreadable.append(suspect.lead_id)
    with connection.transaction():
        gone = count_gone(connection, target="ma")
    return AuditResult(
        leads=comparison.leads,
        ma_leads=comparison.ma_leads,
        under_way=comparison.under_way,
        differences=differences,
        unmatched=comparison.unmatched,
        unmatched_leads=comparison.unmatched_leads,
        unreadable=unreadable,
        gone=gone,
    )
