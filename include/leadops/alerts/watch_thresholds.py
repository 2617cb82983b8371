"""Is a human asked about the threshold? Was a change of it taken back?"""

from collections.abc import Set
from datetime import datetime

from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql


def watch_thresholds(connection: Connection, *, open_now: Set[Key], now: datetime) -> list[Finding]:
    """Find the days whose proposal waits for an answer, and the day whose row took a change back.

    A question is over as soon as it is answered, the news of a change taken back after a day or with the next
    decision that is put into force.
    """
    wrong = []
    for day, since, reason, run_id in connection.execute(
        load_sql("leadops.alerts", "list_waiting_thresholds"), {"now": now}
    ).fetchall():
        facts = {"day": day, "reason": reason, "dag_id": "retrain_thresholds", "run_id": run_id}
        subject = KINDS["threshold_waits"].form_subject(facts)
        wrong.append(Finding("threshold_waits", subject, "wrong", since, facts))
    for since, facts in connection.execute(
        load_sql("leadops.alerts", "find_reverted_threshold"), {"now": now}
    ).fetchall():
        subject = KINDS["threshold_reverted"].form_subject(facts)
        wrong.append(Finding("threshold_reverted", subject, "wrong", since, facts))
    kinds = {"threshold_waits", "threshold_reverted"}
    return [*wrong, *find_ended(kinds, open_now=open_now, wrong=wrong, now=now)]
