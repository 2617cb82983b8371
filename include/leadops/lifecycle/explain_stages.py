"""Explains which stages a lead has reached, and on what evidence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="sales_stages")


#: What an MQL of a known account is, and why.
MEANINGS = {"count": "counted, though its account", "tell": "counted apart, because its account"}
STATES = {"customer": "is a customer", "open_deal": "has an open deal"}


@dataclass(frozen=True)
class StageReached:
    """One stage of one cycle; for a merged lead, of the person's cycle."""

    cycle: int
    stage: str  # mql, sal, sql, won or lost
    occurred_at: datetime  # UTC
    evidence: dict[str, Any]
    lead_id: int  # the lead on which it is recorded

    @property
    def because(self) -> str:
        """The evidence in a few words."""
        evidence = self.evidence
        if "imported" in evidence:
            return f"imported: {evidence['imported']}, line {evidence.get('line', 'unknown')}" + (
                "; its time is not in the file" if "time" in evidence else ""
            )
        if "activity_id" in evidence:
            by = f" of {evidence['rep_id']}" if evidence.get("rep_id") else ""
            return f"CRM activity {evidence['activity_id']}{by}"
        if "total" in evidence:
            rules = ", ".join(f"{rule['rule']} {rule['points']:+d}" for rule in evidence.get("reasons", []))
            points = "fit {fit}, behaviour {behaviour}, total {total}".format_map(evidence)
            account = evidence.get("account")
            apart = f"; {MEANINGS[account['means']]} {STATES[account['state']]}" if account else ""
            return points + (f": {rules}" if rules else "") + apart
        return ""


def find_crm_id(connection: Connection, lead_id: int) -> str | None:
    """Return the id by which the CRM knows the lead's person, or None where it does not know them."""
    crm_id: str | None = queries.value(connection, "find_crm_id", lead_id=lead_id)
    return crm_id


def explain_stages(connection: Connection, lead_id: int) -> list[StageReached]:
    """Return the stages of the person to whom the lead belongs, by cycle and in the order of the stages."""
    return queries.all(connection, "list_reached_stages", StageReached, lead_id=lead_id)
