"""Does a day of the funnel look wrong?"""

from collections.abc import Set
from datetime import datetime

from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql


def watch_funnel(connection: Connection, *, open_now: Set[Key], now: datetime) -> list[Finding]:
    """Find what the gates found and nobody has looked at yet, while it is new; one finding a gate."""
    wrong = []
    for gate, count, found_at, subjects, lead_ids in connection.execute(
        load_sql("leadops.alerts", "count_findings"), {"now": now}
    ).fetchall():
        facts = {"gate": gate, "count": count, "subjects": subjects, "lead_ids": lead_ids}
        subject = KINDS["funnel_gate"].form_subject(facts)
        wrong.append(Finding("funnel_gate", subject, "wrong", found_at, facts))
    return [*wrong, *find_ended({"funnel_gate"}, open_now=open_now, wrong=wrong, now=now)]
