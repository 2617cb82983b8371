"""Does what is wanted in other systems arrive there?"""

from collections.abc import Set
from datetime import datetime, timedelta

from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.alerts.mask import mask_text
from leadops.alerts.settings import AlertSettings
from leadops.db import Connection, load_sql

MINUTE = timedelta(minutes=1)


def watch_backlogs(
    connection: Connection, *, settings: AlertSettings, open_now: Set[Key], now: datetime
) -> list[Finding]:
    """Find targets whose oldest live change has waited longer than the setting."""
    wrong = []
    for target, oldest_at, deltas, effects, paused_until, pause_reason in connection.execute(
        load_sql("leadops.alerts", "measure_backlogs")
    ).fetchall():
        minutes = round((now - oldest_at) / MINUTE, 1)
        if minutes <= settings.backlog_minutes:
            continue
        facts = {
            "target": target,
            "minutes": minutes,
            "worst": minutes,
            "oldest_at": oldest_at.isoformat(),
            "deltas": deltas,
            "effects": effects,
        }
        if paused_until and paused_until > now:
            facts |= {"paused_until": paused_until.isoformat(), "pause_reason": mask_text(pause_reason or "")}
        wrong.append(Finding("ma_backlog", KINDS["ma_backlog"].form_subject(facts), "wrong", now, facts))
    return [*wrong, *find_ended({"ma_backlog"}, open_now=open_now, wrong=wrong, now=now)]


def watch_dead_letters(connection: Connection, *, open_now: Set[Key], now: datetime) -> list[Finding]:
    """Find targets that have refused something for good which nobody has dealt with yet."""
    wrong = []
    for target, count, first_at, reasons, leads, lead_ids in connection.execute(
        load_sql("leadops.alerts", "count_dead_letters")
    ).fetchall():
        facts = {
            "target": target,
            "count": count,
            "reasons": [mask_text(reason, longest=80) for reason in reasons],
            "leads": leads,
            "lead_ids": lead_ids or [],
        }
        subject = KINDS["dead_letters"].form_subject(facts)
        wrong.append(Finding("dead_letters", subject, "wrong", first_at, facts))
    return [*wrong, *find_ended({"dead_letters"}, open_now=open_now, wrong=wrong, now=now)]
