"""The check on identity: are there guard findings that are not acknowledged?"""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class GuardViolations:
    """What one guard stopped, and up to five leads that are involved."""

    guard: str
    violations: int
    first_at: datetime
    kinds: list[str]
    lead_ids: list[int]


def check_guards(connection: Connection, given: CheckInput) -> list[CheckFinding]:  # noqa: ARG001
    """Find the guards with violations that nobody has settled; one finding a guard."""
    return [
        fire(
            "identity_guard",
            {
                "guard": found.guard,
                "count": found.violations,
                "kinds": found.kinds,
                "lead_ids": found.lead_ids,
            },
            since=found.first_at,
        )
        for found in queries.all(connection, "count_violations", GuardViolations)
    ]


CHECKS = (Check("identity", ("identity_guard",), check_guards),)
