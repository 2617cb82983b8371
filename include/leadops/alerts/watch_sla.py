"""Which leads are about to wait too long for an answer, or already do?"""

from datetime import datetime
from typing import Any

from leadops.alerts.findings import Finding
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql

#: Who has the lead outside working hours, and what they do.
DEPUTY = ("channel", "playbook")
#: For each kind, the state of a clock that makes it wrong.
WRONG = {"sla_at_risk": "at_risk", "sla_breach": "breached"}


def watch_sla(connection: Connection, *, now: datetime) -> list[Finding]:
    """Judge the clocks in sla.breaches; a held one is unknown, which neither opens nor ends anything."""
    findings = []
    rows = connection.execute(load_sql("leadops.alerts", "list_sla_clocks")).fetchall()
    for lead_id, cycle, clock, state, started, due, stopped, changed, minutes, target, evidence in rows:
        facts: dict[str, Any] = {
            "lead_id": lead_id,
            # a clock without a lead of its own has the id 0 and says how many leads it is about
            **({"lead": lead_id} if lead_id else {"leads": evidence.get("leads")}),
            "tier": evidence.get("tier"),
            **{name: text for name, text in evidence.get("handed_over", {}).items() if name in DEPUTY},
            "cycle": cycle,
            "clock": clock,
            "started_at": started.isoformat(),
            "due_at": due.isoformat(),
            "business_minutes": round(minutes, 1),
            "target_minutes": round(target, 1),
        }
        for kind, wrong in WRONG.items():
            subject = KINDS[kind].form_subject(facts)
            if state == wrong:
                since = due if kind == "sla_breach" else changed
                findings.append(Finding(kind, subject, "wrong", min(since, now), facts))
            elif state == "held":
                findings.append(Finding(kind, subject, "unknown", now))
            else:
                ended = {**facts, "outcome": state}
                findings.append(Finding(kind, subject, "good", min(stopped or changed, now), ended))
    gone = connection.execute(load_sql("leadops.alerts", "list_gone_clocks")).fetchall()
    return findings + [Finding(kind, subject, "good", now) for kind, subject in gone]
