"""The check on the funnel: are there quality findings that are not acknowledged?"""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__, topic="quality_checks")


@dataclass(frozen=True)
class OpenQualityFindings:
    """The open findings of one kind, with up to five of its newest days and leads."""

    kind: str
    findings: int
    found_at: datetime
    subjects: list[str]
    lead_ids: list[int] | None


def check_quality_findings(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the kinds of new findings that nobody has settled; one incident a kind."""
    return [
        fire(
            "funnel_quality",
            {
                "kind": found.kind,
                "count": found.findings,
                "subjects": found.subjects,
                "lead_ids": found.lead_ids,
            },
            since=found.found_at,
        )
        for found in queries.all(connection, "count_quality_findings", OpenQualityFindings, now=given.now)
    ]


CHECKS = (Check("funnel", ("funnel_quality",), check_quality_findings),)
