"""Compares what is wrong now with the incidents on record: opens, keeps up to date, escalates, resolves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.findings import Finding
from leadops.alerts.kinds import KINDS
from leadops.alerts.watch_audit import watch_audit
from leadops.alerts.watch_cdp import CdpReading, watch_cdp
from leadops.alerts.watch_contract import watch_contract
from leadops.alerts.watch_dags import watch_dags
from leadops.alerts.watch_delivery import watch_backlogs, watch_dead_letters, watch_outbox
from leadops.alerts.watch_funnel import watch_funnel
from leadops.alerts.watch_identity import watch_guards
from leadops.alerts.watch_routing import watch_queues
from leadops.alerts.watch_sla import watch_sla
from leadops.alerts.watch_thresholds import watch_thresholds
from leadops.alerts.watch_training import watch_training
from leadops.db import Connection, load_sql

#: Held to commit by whoever changes many incidents at once: one look, one plan at a time.
ALERTS_LOCK = 7_302_007


@dataclass(frozen=True)
class Checked:
    """How many incidents were opened, resolved and escalated by one look, and how many are open after it."""

    opened: int
    resolved: int
    escalated: int
    open: int


def check(
    connection: Connection, *, settings: AlertSettings, now: datetime, cdp: CdpReading | None = None
) -> Checked:
    """Look at the tables and at the CDP's answer, and bring alerts.incidents up to date; commits.

    Without `cdp` the CDP's incidents stay as they are. May run in several processes at once.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [ALERTS_LOCK])
        open_now = frozenset(
            connection.execute("select kind, subject from alerts.incidents where state = 'open'").fetchall()
        )
        findings = [
            *watch_backlogs(connection, settings=settings, open_now=open_now, now=now),
            *watch_outbox(connection, settings=settings, open_now=open_now, now=now),
            *watch_dead_letters(connection, open_now=open_now, now=now),
            *watch_audit(connection, open_now=open_now, now=now),
            *watch_sla(connection, now=now),
            *watch_queues(connection, open_now=open_now, now=now),
            *watch_guards(connection, open_now=open_now, now=now),
            *watch_funnel(connection, open_now=open_now, now=now),
            *watch_contract(connection, open_now=open_now, now=now),
            *watch_thresholds(connection, open_now=open_now, now=now),
            *watch_training(connection, open_now=open_now, now=now),
            *watch_dags(connection),
        ]
        if cdp is not None:
            findings += watch_cdp(connection, cdp, settings=settings, open_now=open_now, now=now)
        opened = _record(connection, findings, now)
        resolved = connection.execute(
            load_sql("leadops.alerts", "resolve_incidents"),
            {
                "cleared_before": now - timedelta(minutes=settings.clear_after_minutes),
                "at_once": [kind.name for kind in KINDS.values() if kind.ends_at_once],
            },
        ).rowcount
        escalated = _escalate(connection, settings, now)
        left = connection.execute("select count(*) from alerts.incidents where state = 'open'").fetchone()
    return Checked(opened, resolved, escalated, left[0] if left else 0)


def _record(connection: Connection, findings: Sequence[Finding], now: datetime) -> int:
    """Write what was found; returns how many incidents are new."""
    opened = 0
    for standing, statement, time in (
        ("wrong", "record_incidents", "opened_at"),
        ("good", "clear_incidents", "cleared_at"),
        ("unknown", "doubt_incidents", None),
    ):
        found = [finding for finding in findings if finding.standing == standing]
        if not found:
            continue
        values: dict[str, object] = {
            "now": now,
            "kinds": [finding.kind for finding in found],
            "subjects": [finding.subject for finding in found],
        }
        if time:
            values[time] = [finding.since for finding in found]
            values["facts"] = [Jsonb(dict(finding.facts)) for finding in found]
        cursor = connection.execute(load_sql("leadops.alerts", statement), values)
        if standing == "wrong":
            opened = sum(is_new for (is_new,) in cursor.fetchall())
    return opened


def _escalate(connection: Connection, settings: AlertSettings, now: datetime) -> int:
    after = {name: wait for name in KINDS if (wait := settings.escalation(name)) is not None}
    return connection.execute(
        load_sql("leadops.alerts", "escalate_incidents"),
        {"now": now, "kinds": list(after), "after": list(after.values())},
    ).rowcount
