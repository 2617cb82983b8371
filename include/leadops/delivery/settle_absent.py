"""Settles the leads that a comparison with the MA does not find there: they are gone, or merged elsewhere."""

from dataclasses import dataclass, replace
from datetime import datetime

from leadops.clients.lead_absence import LeadAbsence
from leadops.db import Connection
from leadops.delivery.compare_scores import Comparison, LeadState, Suspect, compare_lead
from leadops.delivery.presence import record_absence
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
