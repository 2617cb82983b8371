"""Which threshold and which SLA target are active at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.lifecycle.kpi_contract import KpiContract, KpiVersion, MqlRule
from leadops.queries import Queries
from leadops.sla.sla_policy import SlaPolicy

queries = Queries(__file__, topic="apply_threshold")


class DecidedThreshold(NamedTuple):
    """What the newest decision set; None: the value of kpi.yaml or sla.yaml stays."""

    value: int | None = None  # points
    sla_minutes: float | None = None


@dataclass(frozen=True)
class ActiveThreshold:
    """What applies to new MQLs."""

    kpi_version: str
    rule: MqlRule  # its total: the active one, or None
    value: int | None  # of lifecycle.thresholds; None: kpi.yaml's own total applies
    sla_minutes: float | None  # of lifecycle.thresholds; None: sla.yaml's own target applies
    target: float  # minutes, of the tier that takes everybody

    @property
    def threshold(self) -> int:
        """The total that leads need: without one, what fit and behaviour need together."""
        return self.rule.fit + self.rule.behaviour if self.rule.total is None else self.rule.total


def read_active_threshold(
    connection: Connection, *, contract: KpiContract, policy: SlaPolicy, at: datetime
) -> ActiveThreshold:
    """Return what was active just before `at`."""
    version = contract.active_version(at)
    decided = queries.first(connection, "read_active", DecidedThreshold, version=version.version, at=at)
    return complete_threshold(decided or DecidedThreshold(), version, policy)


def complete_threshold(decided: DecidedThreshold, version: KpiVersion, policy: SlaPolicy) -> ActiveThreshold:
    """Return what applies where `decided` is the newest decision under `version` of kpi.yaml."""
    total = version.mql.total if decided.value is None else decided.value
    return ActiveThreshold(
        version.version,
        version.mql.model_copy(update={"total": total}),
        decided.value,
        decided.sla_minutes,
        policy.tiers[-1].first_contact_minutes if decided.sla_minutes is None else decided.sla_minutes,
    )
