"""Is a human asked about the threshold?"""

from collections.abc import Set
from datetime import datetime

from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql


def watch_thresholds(connection: Connection, *, open_now: Set[Key], now: datetime) -> list[Finding]:
    """Find the days whose proposal waits for an answer; one finding a day, over as soon as it is answered."""
    wrong = []
    for day, since, reason, run_id in connection.execute(
        load_sql("leadops.alerts", "list_waiting_thresholds"), {"now": now}
    ).fetchall():
        facts = {"day": day, "reason": reason, "dag_id": "retrain_thresholds", "run_id": run_id}
        subject = KINDS["threshold_waits"].form_subject(facts)
        wrong.append(Finding("threshold_waits", subject, "wrong", since, facts))
    return [*wrong, *find_ended({"threshold_waits"}, open_now=open_now, wrong=wrong, now=now)]
