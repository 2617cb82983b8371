"""The check on the KPI contract: does kpi.yaml still say what was frozen for the quarters?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class FrozenQuarterChange:
    """A frozen quarter for which kpi.yaml now says something else, as the minute run noted it."""

    found_at: datetime
    facts: Mapping[str, Any]


def check_contract(connection: Connection, given: CheckInput) -> list[CheckFinding]:  # noqa: ARG001
    """Find the frozen quarters that kpi.yaml changes; one finding a quarter."""
    return [
        fire("contract_changed", change.facts, since=change.found_at)
        for change in queries.all(connection, "list_frozen_changes", FrozenQuarterChange)
    ]


CHECKS = (Check("contract", ("contract_changed",), check_contract),)
