"""The check on the funnel: are there findings of a gate that are not acknowledged?"""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class GateFindings:
    """What one gate found, with up to five of its newest days and leads."""

    gate: str
    findings: int
    found_at: datetime
    subjects: list[str]
    lead_ids: list[int] | None


def check_gates(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the gates with new findings that nobody has settled; one finding a gate."""
    return [
        fire(
            "funnel_gate",
            {
                "gate": found.gate,
                "count": found.findings,
                "subjects": found.subjects,
                "lead_ids": found.lead_ids,
            },
            since=found.found_at,
        )
        for found in queries.all(connection, "count_gate_findings", GateFindings, now=given.now)
    ]


CHECKS = (Check("funnel", ("funnel_gate",), check_gates),)
