"""Which stages a lead has reached, and on what evidence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection, load_sql


@dataclass(frozen=True)
class Reached:
    """One stage of one cycle; of a joined lead it is the person's."""

    cycle: int
    stage: str  # mql, sal, sql, won or lost
    occurred_at: datetime  # UTC
    evidence: dict[str, Any]
    lead_id: int  # the lead on which it is on record

    @property
    def because(self) -> str:
        """What it rests on, in a few words."""
        told = self.evidence
        if "imported" in told:
            return f"imported: {told['imported']}, line {told.get('line', 'unknown')}" + (
                "; its time is not in the file" if "time" in told else ""
            )
        if "activity_id" in told:
            by = f" of {told['rep_id']}" if told.get("rep_id") else ""
            return f"CRM activity {told['activity_id']}{by}"
        if "total" in told:
            rules = ", ".join(f"{each['rule']} {each['points']:+d}" for each in told.get("reasons", []))
            points = f"fit {told['fit']}, behaviour {told['behaviour']}, total {told['total']}"
            return points + (f": {rules}" if rules else "")
        return ""


def explain_stages(connection: Connection, lead_id: int) -> list[Reached]:
    """Return the stages of the person that the lead is, by cycle and in the order of the stages."""
    rows = connection.execute(load_sql("leadops.lifecycle", "list_stages"), {"lead_id": lead_id})
    return [Reached(*row) for row in rows]
