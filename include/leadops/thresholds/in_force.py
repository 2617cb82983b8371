"""Which threshold and which SLA target are in force at a time."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.lifecycle.kpi_contract import KpiContract, MqlRule
from leadops.sla.policy import SlaPolicy


@dataclass(frozen=True)
class InForce:
    """What holds for new MQLs."""

    kpi_version: str
    rule: MqlRule  # its total: the one in force, or None
    value: int | None  # of lifecycle.thresholds; None: kpi.yaml's own total holds
    sla_minutes: float | None  # of lifecycle.thresholds; None: sla.yaml's own target holds
    target: float  # minutes, of the tier that takes everybody

    @property
    def threshold(self) -> int:
        """The total that leads need: without one, what fit and behaviour need together."""
        return self.rule.fit + self.rule.behaviour if self.rule.total is None else self.rule.total


def read_in_force(
    connection: Connection, *, contract: KpiContract, policy: SlaPolicy, at: datetime
) -> InForce:
    """Return what was in force just before `at`."""
    version = contract.active_version(at)
    row = connection.execute(
        load_sql("leadops.thresholds", "read_in_force"), {"version": version.version, "at": at}
    ).fetchone()
    value, sla_minutes = row or (None, None)
    total = version.mql.total if value is None else value
    return InForce(
        version.version,
        version.mql.model_copy(update={"total": total}),
        value,
        sla_minutes,
        policy.tiers[-1].first_contact_minutes if sla_minutes is None else sla_minutes,
    )
