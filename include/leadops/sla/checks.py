"""The check on SLA clocks: which leads are close to their target, or past it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, IncidentKey
from leadops.incidents.kinds import KINDS
from leadops.queries import Queries

queries = Queries(__file__)

#: Facts about who has the lead outside working hours, and what they do.
OFF_HOURS_FACTS = ("channel", "playbook")
#: For each kind, the state of a clock in which it fires.
FIRING_STATES = {"sla_at_risk": "at_risk", "sla_breach": "breached"}


@dataclass(frozen=True)
class WatchedClock:
    """A clock that is at risk, held or breached, or that an open incident is about; times in UTC."""

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
    """Turn the clocks in sla.breaches into findings.

    The status of a held clock is unknown. A clock that no longer exists, because its lead was merged or
    split, is ok.
    """
    now, findings = given.now, list[CheckFinding]()
    for clock in queries.all(connection, "list_watched_clocks", WatchedClock):
        facts = _form_facts(clock)
        for kind, firing in FIRING_STATES.items():
            subject = KINDS[kind].form_subject(facts)
            if clock.state == firing:
                since = clock.due_at if kind == "sla_breach" else clock.changed_at
                findings.append(CheckFinding(kind, subject, "firing", min(since, now), facts))
            elif clock.state == "held":
                findings.append(CheckFinding(kind, subject, "unknown", now))
            else:
                since = min(clock.stopped_at or clock.changed_at, now)
                findings.append(CheckFinding(kind, subject, "ok", since, {**facts, "outcome": clock.state}))
    missing = queries.all(connection, "list_missing_clocks", IncidentKey)
    return findings + [CheckFinding(*key, "ok", now) for key in missing]


def _form_facts(clock: WatchedClock) -> dict[str, Any]:
    evidence = clock.evidence
    return {
        "lead_id": clock.lead_id,
        # a clock without a lead of its own has the id 0 and says how many leads it is about
        **({"lead": clock.lead_id} if clock.lead_id else {"leads": evidence.get("leads")}),
        "tier": evidence.get("tier"),
        **{name: text for name, text in evidence.get("handed_over", {}).items() if name in OFF_HOURS_FACTS},
        "cycle": clock.cycle,
        "clock": clock.clock,
        "started_at": clock.started_at.isoformat(),
        "due_at": clock.due_at.isoformat(),
        "business_minutes": round(clock.business_minutes, 1),
        "target_minutes": round(clock.target_minutes, 1),
    }


CHECKS = (Check("sla", tuple(FIRING_STATES), check_clocks, resolves_missing=False),)
