"""The check on SLA clocks: which leads are close to their target, or past it?

Only what differs from the incidents on record becomes a finding, so that ten thousand leads that stay overdue
cost next to nothing each minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, IncidentKey, form_finding
from leadops.queries import Queries

queries = Queries(__file__, topic="watch_clocks")

#: Facts about who has the lead outside working hours, and what they do.
OFF_HOURS_FACTS = ("channel", "playbook")
SLA_KINDS = ("sla_at_risk", "sla_breach")


@dataclass(frozen=True)
class ChangedClock:
    """A clock that fires since the last run, has changed, or does not fire any more; times in UTC."""

    kind: str
    status: Literal["firing", "ok"]
    lead_id: int
    cycle: int
    clock: str
    state: str
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    changed_at: datetime
    business_minutes: float
    target_minutes: float
    evidence: Mapping[str, Any]


def check_clocks(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Turn the clocks in sla.breaches that differ from their incidents into findings.

    A held clock leaves its incidents as they are. A clock that no longer exists, because its lead was merged
    or split, is ok.
    """
    now, findings = given.now, list[CheckFinding]()
    for clock in queries.all(connection, "list_changed_clocks", ChangedClock):
        facts = _form_facts(clock)
        if clock.status == "firing":
            since = clock.due_at if clock.kind == "sla_breach" else clock.changed_at
        else:
            since = clock.stopped_at or clock.changed_at
            facts["outcome"] = clock.state
        findings.append(form_finding(clock.kind, clock.status, facts, since=min(since, now)))
    missing = queries.all(connection, "list_missing_clocks", IncidentKey)
    return findings + [CheckFinding(*key, "ok", now) for key in missing]


def _form_facts(clock: ChangedClock) -> dict[str, Any]:
    evidence = clock.evidence
    return {
        "lead_id": clock.lead_id,
        # a clock without a lead of its own has the id 0 and says how many leads it is about
        **({"lead": clock.lead_id} if clock.lead_id else {"leads": evidence.get("leads")}),
        "crm_lead_id": evidence.get("crm_lead_id"),
        "tier": evidence.get("tier"),
        **{name: text for name, text in evidence.get("handed_over", {}).items() if name in OFF_HOURS_FACTS},
        "cycle": clock.cycle,
        "clock": clock.clock,
        "started_at": clock.started_at.isoformat(),
        "due_at": clock.due_at.isoformat(),
        "business_minutes": round(clock.business_minutes, 1),
        "target_minutes": round(clock.target_minutes, 1),
        "changed_at": clock.changed_at.isoformat(),  # by which the next run sees that nothing changed
    }


CHECKS = (Check("sla", SLA_KINDS, check_clocks, resolves_missing=False, reads_open=False),)
