"""Does the MA have the scores that the ledger gives?"""

from collections.abc import Set
from datetime import datetime

from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql

#: Leads that a message names.
NAMED = 5


def watch_audit(connection: Connection, *, open_now: Set[Key], now: datetime) -> list[Finding]:
    """Find what the last comparison of the MA with the ledger left: too much to heal, or nothing to heal."""
    wrong = []
    found = connection.execute(load_sql("leadops.alerts", "read_audit")).fetchone()
    if found is not None:
        night, ended_at, left_over, limit, gone, broken, lead_ids = found
        facts = {
            "target": "ma",
            "night": night.isoformat(),
            "count": left_over or None,
            "limit": limit,
            "gone": gone,
            "broken": broken,
            "lead_ids": lead_ids[:NAMED],
        }
        if left_over or gone or broken:
            subject = KINDS["audit_differences"].form_subject(facts)
            wrong.append(Finding("audit_differences", subject, "wrong", ended_at, facts))
    return [*wrong, *find_ended({"audit_differences"}, open_now=open_now, wrong=wrong, now=now)]
