"""What the pages Threshold and Delivery and the tab of runs show: nights, refusals, runs."""

from datetime import date, datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.calendar.local_days import last_whole_day
from leadops.db import Connection
from leadops.incidents.task_results import TaskResult, record_result
from leadops.thresholds.propose_threshold import propose_threshold
from tests.thresholds.conftest import Firm

#: A name that tries everything at once, as a sender may write it.
HOSTILE = "<img src=x onerror=alert(1)>'\"; drop table cdp.quarantine; --"
#: The run of retrain_thresholds that waits, and one of score_leads.
ASKING_RUN, SCORING_RUN = "scheduled__2026-11-29T18:30:00+00:00", "scheduled__2026-11-30T02:59:00+00:00"

#: MQLs whose outcome is known: total, leads, and how many of them became SQL.
OUTCOMES = [
    (55, 120, 4),
    (60, 150, 9),
    (65, 150, 15),
    (70, 120, 21),
    (75, 90, 24),
    (80, 70, 28),
    (90, 50, 29),
]
#: Leads of the last weeks by total.
ARRIVALS = [(60, 96), (65, 80), (70, 60), (75, 44), (80, 30), (85, 18), (90, 12), (100, 4)]


def fill_threshold(connection: Connection, now: datetime) -> None:
    """Three salespeople, half a year of nights, and a question of the last night that waits for a human."""
    firm = Firm(connection, leads=700_000)
    day = last_whole_day(now, firm.rules.company.zone)
    for number in range(3):
        profile = {"zone": "Asia/Tokyo", "capacity_per_day": 100}
        connection.execute(
            "insert into crm.reps values (%s, %s, %s) on conflict do nothing",
            [f"desk-{number}", Jsonb(profile), now],
        )
    for total, leads, sqls in OUTCOMES:
        firm.mqls(total, leads=leads, sqls=sqls, day=day - timedelta(days=80))
    for total, leads in ARRIVALS:
        for age in (14, 7):
            firm.mqls(total, leads=leads // 2, day=day - timedelta(days=age))
    steps: list[tuple[int, int | None, int, str, str]] = [
        (40, None, 60, "automatic", "60 points and 240 min instead of 65 and 240: +0.41 SQLs a week"),
        (33, 60, 64, "approved", "a step of more than 2 points: 64 points and 240 min instead of 60 and 240"),
        (12, 64, 60, "reverted", "the change of 2026-10-27 was rolled back: leads wait 3 times as long"),
    ]
    for age, before, after, decided_by, reason in steps:
        _decide(connection, firm, day - timedelta(days=age), before, after, decided_by, reason)
    for age in range(11, 0, -1):
        _keep(connection, firm, day - timedelta(days=age))
    propose_threshold(connection, day=day, context=firm.rules, now=now)
    connection.execute(
        "update lifecycle.thresholds set plan = 'ask', waits_since = %s, facts = facts || %s where day = %s",
        [now - timedelta(hours=8), Jsonb({"run_id": ASKING_RUN}), day],
    )
    connection.commit()


def _decide(
    connection: Connection,
    firm: Firm,
    day: date,
    before: int | None,
    after: int,
    decided_by: str,
    reason: str,
) -> None:
    was, becomes = {"threshold": before or 65, "sla_minutes": 240}, {"threshold": after, "sla_minutes": 240}
    reverted = {
        "reverted": [str(day - timedelta(days=21))],
        "was": before,
        "now": after,
        "was_minutes": 240,
        "now_minutes": 240,
    }
    proposed = {"now": was, "then": becomes, "gain": 0.41, "interval": [0.08, 0.74]}
    connection.execute(
        "insert into lifecycle.thresholds (day, kpi_version, value, effective_at, proposed_at, decided_by,"
        " reason, plan, answer, facts, hash) values (%s, '2026-Q1', %s, %s, %s, %s, %s, %s, %s, %s, 'h')",
        [
            day,
            after,
            firm.after(day),
            firm.after(day),
            decided_by,
            reason,
            "ask" if decided_by == "approved" else "apply",
            "approved" if decided_by == "approved" else None,
            Jsonb(
                (reverted if decided_by == "reverted" else proposed)
                | {"before": {"value": before, "sla_minutes": None}}
            ),
        ],
    )


def _keep(connection: Connection, firm: Firm, day: date) -> None:
    connection.execute(
        "insert into lifecycle.thresholds (day, kpi_version, value, proposed_at, decided_by, reason, plan,"
        " facts, hash)"
        " values (%s, '2026-Q1', 60, %s, 'kept', 'what is in force is the best', 'keep', %s, 'h')",
        [
            day,
            firm.after(day),
            Jsonb(
                {"now": {"threshold": 60, "sla_minutes": 240}, "then": {"threshold": 60, "sla_minutes": 240}}
            ),
        ],
    )


def fill_delivery(connection: Connection, now: datetime) -> None:
    """Dead letters of both targets, and both quarantines with more than a page of rows."""
    for number in range(60):
        target, kind = ("ma", "delta") if number % 3 else ("crm", "effect")
        connection.execute(
            "insert into delivery.dead_letters (target, kind, reference, lead_id, points, reason, died_at)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [
                target,
                kind,
                4_000 + number,
                700 + number,
                5 if kind == "delta" else None,
                HOSTILE if number == 0 else "HTTP 422: field Rating is not writable; see the field's rights",
                now - timedelta(hours=3, minutes=number),
            ],
        )
    reasons = [
        ("invalid_email", "email must be an address such as name@company.example; or leave it out"),
        ("too_old", "ts is older than 30 days; send it as history"),
        ("spam_links", "names in the text are links"),
        ("missing_field", f"properties.{HOSTILE} is missing; every event carries it"),
    ]
    for number in range(55):
        reason, detail = reasons[number % len(reasons)]
        connection.execute(
            "insert into cdp.quarantine (received_at, reason, detail, body, proof, times)"
            " values (%s, %s, %s, %s, 'claim', %s)",
            [now - timedelta(minutes=7 * number), reason, detail, f'{{"n": {number}}}', 1 + number % 4],
        )
        connection.execute(
            "insert into intake.quarantined_forms (submission_id, received_at, signed_at, secret, reason,"
            " detail, body, tool) values (%s, %s, %s, 1, %s, %s, %s, %s)",
            [
                f"form-{number}",
                now - timedelta(minutes=11 * number),
                now,
                reason,
                detail,
                b"%d" % number,
                "typeform" if number % 2 else None,
            ],
        )
    for number in range(9):
        connection.execute(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
            " state, attempts, settled_at) values ('crm', %s, %s, '{}', %s, %s, %s, 1, %s)",
            [
                ("create_lead", "set_owner")[number % 2],
                900 + number,
                f"operations-{number}",
                now - timedelta(hours=2),
                "dead" if number == 8 else "done",
                now - timedelta(hours=1, minutes=number),
            ],
        )
    connection.commit()


def fill_runs(connection: Connection, now: datetime) -> None:
    """Runs of the three DAGs whose numbers matter, one of them cleared and run again."""

    def add(
        dag_id: str, run_id: str, task_id: str, counts: dict[str, object], *, age: float, again: int = 1
    ) -> None:
        started = now - timedelta(minutes=age)
        finished = started + timedelta(seconds=20 * again)
        result = TaskResult(run_id, "scheduled", started, task_id, again, finished, counts)
        record_result(connection, result, dag_id=dag_id)

    push = {
        "calls": 2,
        "effects": 1,
        "deltas": 14,
        "dead": 0,
        "failed": 0,
        "failed_last": 0,
        "is_paused": False,
    }
    for age in range(1, 24):
        run_id = SCORING_RUN if age == 1 else f"scheduled__{age:02d}"
        events = 0 if age % 4 == 2 else 31 * age % 17
        resolved = {
            "events": events,
            "new_leads": events // 5,
            "waiting": events // 3,
            "leads_touched": events,
        }
        add("score_leads", run_id, "resolve", resolved | {"merges": 0}, age=age)
        scored = {"leads": events, "rows": events * 2, "points": events * 7, "corrections": 0}
        add("score_leads", run_id, "score", scored, age=age)
        sent = push if events else dict.fromkeys(push, 0)
        add("score_leads", run_id, "push", sent, age=age)
        qualified = {"mql": events // 6, "sal": 0, "sql": 0, "won": 0, "lost": 0, "crm": sent}
        add("score_leads", run_id, "qualify", qualified, age=age)
        assigned = {"assigned": events // 6, "to_account_owner": 0, "moved_on": 0, "queued": 0, "closed": 0}
        add("score_leads", run_id, "assign", assigned | {"notified": events // 6, "dropped": 0}, age=age)
    add("score_leads", SCORING_RUN, "push", push | {"deltas": 0, "calls": 1}, age=1, again=2)
    for age in range(1, 8):
        run_id, day = f"scheduled__day-{age}", (now - timedelta(days=age)).date().isoformat()
        built = {
            "day": day,
            "mqls": 12 + age,
            "wons": age % 3,
            "again": [day] if age == 2 else [],
            "waiting": 0,
        }
        add("refresh_funnel", run_id, "refresh", built, age=1440 * age)
        add("refresh_funnel", run_id, "check_quality", {"days": 1, "findings": age % 2}, age=1440 * age)
    outcome = {"day": "2026-11-29", "outcome": "kept", "leads": 812, "refused": ["visits_after"]}
    add("retrain_thresholds", ASKING_RUN, "retrain", outcome, age=480)
    reason = "a step of more than 5 points: 68 points and 240 min instead of 60 and 240: +0.52 SQLs a week"
    proposed = {"day": "2026-11-29", "plan": "ask", "reason": reason, "hash": "0123456789abcdef"}
    add("retrain_thresholds", ASKING_RUN, "propose", proposed, age=480)
    connection.commit()
