"""For each check, rows of the tables with which every kind that it feeds fires."""

from collections.abc import Callable
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.alerts.watch_cdp import CdpReading
from leadops.db import Connection

Scene = Callable[[Connection, datetime], None]


def cdp_lags(now: datetime) -> CdpReading:
    return CdpReading(minutes_lag=9.0, as_of=now)


def nothing(connection: Connection, now: datetime) -> None:
    """The CDP is asked over HTTP: what it answers is no row."""


def clocks(connection: Connection, now: datetime) -> None:
    connection.cursor().executemany(
        "insert into sla.breaches (lead_id, cycle, clock, state, started_at, due_at, business_minutes,"
        " target_minutes, changed_at, evidence)"
        " values (%s, 1, 'first_contact', %s, %s, %s, 12, 10, %s, '{}')",
        [(1, "breached", now, now, now), (2, "at_risk", now, now + timedelta(minutes=5), now)],
    )


def queues(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into routing.leads (lead_id, cycle, state, queue, account, is_backfill, qualified_at, since,"
        " mql_lead_id, mql_cycle, alarm_at)"
        " values (1, 1, 'queued', 'sales', '', false, %(at)s, %(at)s, 1, 1, %(at)s)",
        {"at": now - timedelta(hours=1)},
    )


def backlogs(connection: Connection, now: datetime) -> None:
    at = now - timedelta(hours=1)
    connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) values (1, 5, 'fit', 'rule', 'r', %(at)s, %(at)s, 0, 'r')",
        {"at": at},
    )


def outbox(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into delivery.outbox (target, operation, payload, idempotency_key, created_at, state)"
        " values ('crm', 'create_lead', '{}', 'k', %s, 'pending')",
        [now - timedelta(hours=1)],
    )


def dead_letters(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, reason, died_at)"
        " values ('ma', 'delta', 1, 'r', %s)",
        [now],
    )


def audit(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into delivery.audits (night, audited_by, begun_at, ended_at, correction_limit, missing_limit,"
        " differing, lead_ids) values (%(now)s, 'test', %(now)s, %(now)s, 100, 10, 101, '{4}')",
        {"now": now},
    )


def identity(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into identity.violations (guard, kind, value, event_seq, times, seen_at)"
        " values ('emails', 'user_id', 'u', 7, 1, %s)",
        [now],
    )


def funnel(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into analytics.gate_findings (dt, gate, subject, lead_id, facts, found_at, open_until)"
        " values ('2026-06-01', 'gap', 'mqls', null, '{}', %s, %s)",
        [now, now + timedelta(days=7)],
    )


def contract(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into lifecycle.frozen_changes (quarter, facts, found_at) values ('2026-Q3', %s, %s)",
        [Jsonb({"quarter": "2026-Q3", "count": 1, "changes": ["mql.fit: 20 → 25"]}), now],
    )


def thresholds(connection: Connection, now: datetime) -> None:
    connection.cursor().executemany(
        "insert into lifecycle.thresholds (day, kpi_version, effective_at, proposed_at, decided_by, reason,"
        " plan, waits_since, facts, hash) values (%s, '2026-Q1', %s, %s, %s, '', 'apply', %s, %s, 'h')",
        [
            ("2026-07-25", now - timedelta(days=4), now, "automatic", None, "{}"),
            ("2026-07-29", now, now, "reverted", None, '{"watched": "2026-07-25"}'),
            ("2026-07-30", None, now, "kept", now, "{}"),
        ],
    )


def training(connection: Connection, now: datetime) -> None:
    refused = [{"feature": "tags", "check": "auc", "reason": "beyond belief"}]
    connection.execute(
        "insert into training.decisions (day, outcome, reason, inputs_hash, findings, decided_at)"
        " values ('2026-07-29', 'kept', '', '', %s, %s)",
        [Jsonb({"refused": refused}), now],
    )


SCENES: dict[str, Scene] = {
    "cdp": nothing,
    "sla": clocks,
    "queues": queues,
    "backlogs": backlogs,
    "outbox": outbox,
    "dead_letters": dead_letters,
    "audit": audit,
    "identity": identity,
    "funnel": funnel,
    "contract": contract,
    "thresholds": thresholds,
    "training": training,
    "dags": nothing,
}
