"""Did something look like one person that cannot be one?"""

from collections.abc import Set
from datetime import datetime

from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql


def watch_guards(connection: Connection, *, open_now: Set[Key], now: datetime) -> list[Finding]:
    """Find what the guards of identity have stopped and nobody has looked at yet."""
    wrong = []
    for guard, count, first_at, kinds, lead_ids in connection.execute(
        load_sql("leadops.alerts", "count_violations")
    ).fetchall():
        facts = {"guard": guard, "count": count, "kinds": kinds, "lead_ids": lead_ids}
        wrong.append(
            Finding("identity_guard", KINDS["identity_guard"].form_subject(facts), "wrong", first_at, facts)
        )
    return [*wrong, *find_ended({"identity_guard"}, open_now=open_now, wrong=wrong, now=now)]
