"""Does somebody take the leads that wait in a queue?"""

from collections.abc import Set
from datetime import datetime, timedelta

from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql


def watch_queues(connection: Connection, *, open_now: Set[Key], now: datetime) -> list[Finding]:
    """Find the queues in which a lead has waited longer than routing.yaml allows; one finding a queue."""
    wrong = []
    for queue, count, alarm_at, oldest_at, lead_ids in connection.execute(
        load_sql("leadops.alerts", "list_late_queues"), {"now": now}
    ).fetchall():
        minutes = round((now - oldest_at) / timedelta(minutes=1), 1)
        facts = {"queue": queue, "count": count, "minutes": minutes, "worst": minutes, "lead_ids": lead_ids}
        subject = KINDS["queue_waiting"].form_subject(facts)
        wrong.append(Finding("queue_waiting", subject, "wrong", alarm_at, facts))
    return [*wrong, *find_ended({"queue_waiting"}, open_now=open_now, wrong=wrong, now=now)]
