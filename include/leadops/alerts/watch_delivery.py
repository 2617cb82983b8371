"""Does what is wanted in other systems arrive there?"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql
from leadops.mask import mask_text

MINUTE = timedelta(minutes=1)


def watch_backlogs(
    connection: Connection, *, settings: AlertSettings, open_now: Set[Key], now: datetime
) -> list[Finding]:
    """Find targets whose oldest live score change has waited longer than the setting."""
    waiting = [
        _Waiting(target, oldest_at, {"deltas": deltas}, paused_until, pause_reason)
        for target, oldest_at, deltas, paused_until, pause_reason in connection.execute(
            load_sql("leadops.alerts", "measure_backlogs")
        ).fetchall()
    ]
    return _find_late("ma_backlog", waiting, limit=settings.backlog_minutes, open_now=open_now, now=now)


def watch_outbox(
    connection: Connection, *, settings: AlertSettings, open_now: Set[Key], now: datetime
) -> list[Finding]:
    """Find targets whose oldest live effect (a lead, a task, an owner) has waited longer than the setting."""
    waiting = [
        _Waiting(target, oldest_at, {"effects": effects, "leads": leads}, paused_until, pause_reason)
        for target, oldest_at, effects, leads, paused_until, pause_reason in connection.execute(
            load_sql("leadops.alerts", "measure_outbox")
        ).fetchall()
    ]
    return _find_late("outbox_waiting", waiting, limit=settings.outbox_minutes, open_now=open_now, now=now)


@dataclass(frozen=True)
class _Waiting:
    """What waits for one target, since when, and until when and why the target is left in peace."""

    target: str
    oldest_at: datetime
    counts: Mapping[str, int]
    paused_until: datetime | None
    pause_reason: str | None


def _find_late(
    kind: str, waiting: list[_Waiting], *, limit: float, open_now: Set[Key], now: datetime
) -> list[Finding]:
    wrong = []
    for one in waiting:
        minutes = round((now - one.oldest_at) / MINUTE, 1)
        if minutes <= limit:
            continue
        facts = {
            "target": one.target,
            "minutes": minutes,
            "worst": minutes,
            "oldest_at": one.oldest_at.isoformat(),
            **one.counts,
        }
        if one.paused_until and one.paused_until > now:
            pause_reason = mask_text(one.pause_reason or "")
            facts |= {"paused_until": one.paused_until.isoformat(), "pause_reason": pause_reason}
        wrong.append(Finding(kind, KINDS[kind].form_subject(facts), "wrong", now, facts))
    return [*wrong, *find_ended({kind}, open_now=open_now, wrong=wrong, now=now)]


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
