"""From what the tables say to incidents on record, and back."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.catalogue import Words
from leadops.alerts.checks import CHECKS
from leadops.alerts.incident import COLUMNS, Incident
from leadops.alerts.incidents import beat, open_incident
from leadops.alerts.render import render_incident
from leadops.alerts.run_checks import CheckResult, run_checks
from leadops.alerts.watch_cdp import CdpReading
from leadops.db import Connection, connect
from leadops.funnel.findings import settle_findings
from leadops.identity.violations import settle_violations
from leadops.lifecycle.frozen_quarters import freeze_quarter, record_contract_changes
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter
from tests.shipped import SHIPPED

SETTINGS = AlertSettings()


@pytest.fixture
def look(connection: Connection, clock: Any) -> Any:
    """Check once, `minutes` after the last time."""

    def look(
        minutes: float = 0,
        *,
        lag: float | None = None,
        cdp: CdpReading | None = None,
        settings: AlertSettings = SETTINGS,
    ) -> CheckResult:
        connection.commit()
        now = clock.forward(minutes=minutes)
        cdp = cdp if lag is None else CdpReading(minutes_lag=lag, as_of=now)
        return run_checks(connection, CHECKS, settings=settings, now=now, cdp=cdp)

    return look


def incidents(connection: Connection) -> list[Incident]:
    rows = connection.execute(f"select {COLUMNS} from alerts.incidents order by incident_id").fetchall()
    return [Incident(*row) for row in rows]


def shown(incident: Incident) -> str:
    rendered = render_incident(incident, words=Words(SHIPPED.company), settings=SETTINGS)
    return rendered.text + "\n" + "\n".join(block["text"]["text"] for block in rendered.blocks[1:-1])


def test_a_quiet_system_has_no_incidents(connection, look, clock):
    assert look(lag=0.4) == CheckResult(0, 0, 0, 0)


def test_a_lag_opens_once_remembers_its_worst_and_ends_when_good_news_lasts(connection, look, clock):
    assert look(lag=5.0).opened == 0
    assert look(lag=5.1).opened == 1
    assert look(1, lag=9.0).opened == 0
    for lag in (4.0, 2.0, 4.0, 2.0, 5.5, 2.0):
        assert look(1, lag=lag).resolved == 0, "it flaps"
    good_since = clock()
    look(2, lag=1.0)
    assert look(1, lag=0.0) == CheckResult(0, 1, 0, 0)
    (incident,) = incidents(connection)
    assert incident.facts["worst"] == 9.0
    assert incident.resolved_at == good_since
    assert look(1, lag=6).opened == 1, "another one"


def test_the_age_of_the_answer_is_part_of_the_lag(connection, look, clock):
    old = CdpReading(minutes_lag=2.0, as_of=clock() - timedelta(minutes=4))
    assert look(cdp=old).opened == 1
    assert incidents(connection)[0].facts["minutes"] == 6.0


def test_a_cdp_that_stays_silent_is_unreachable_since_its_last_answer(connection, look, clock):
    look(lag=6.0)
    last = clock()
    silent = CdpReading(reason="GET /metrics/lag: no connection for me@example.com")
    assert look(1, cdp=silent).opened == 0, "one missed answer is nothing"
    assert look(1, cdp=silent).opened == 1
    lag, unreachable = incidents(connection)
    assert unreachable.opened_at == last
    assert "no connection for [e-mail]" in shown(unreachable)
    look(10, cdp=silent)
    assert incidents(connection)[0].is_open, "nobody knows about the lag"
    look(1, lag=0.0)
    assert look(4, lag=0.0).resolved == 2
    assert lag.kind == "cdp_lag"


def test_without_a_reading_the_cdp_is_left_alone(connection, look, clock):
    look(lag=6.0)
    assert look(60) == CheckResult(0, 0, 1, 1)


def add_ledger(connection: Connection, at: datetime, *, lane: int | None = 0, rows: int = 1) -> int:
    row = connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) select n, 5, 'fit', 'rule', 'r', %(at)s, %(at)s, %(lane)s, 'r'"
        " from generate_series(1, %(rows)s) as n returning seq",
        {"at": at, "lane": lane, "rows": rows},
    ).fetchone()
    assert row
    return int(row[0])


def test_a_live_change_that_waits_is_a_backlog(connection, look, clock):
    add_ledger(connection, clock(), rows=3)
    assert look(5).opened == 0
    assert look(1).opened == 1
    connection.execute(
        "insert into delivery.targets values ('ma', 0, %s, %s, 'asked to wait (429)')",
        [clock(), clock() + timedelta(minutes=9)],
    )
    look(1)
    (incident,) = incidents(connection)
    assert incident.subject == "ma"
    assert "MA is 7 min behind" in shown(incident)
    assert "3 score changes wait" in shown(incident)
    assert "asked to wait (429)" in shown(incident)
    connection.execute("insert into delivery.cursors values ('ma', 0, 3)")
    look(1)
    assert look(3).resolved == 1


def test_backfill_and_what_nobody_is_to_be_told_is_no_backlog(connection, look, clock):
    add_ledger(connection, clock(), lane=1)
    add_ledger(connection, clock(), lane=None)
    assert look(60).opened == 0


@pytest.mark.parametrize(
    "statement",
    [
        "insert into delivery.batches (target, lane, idempotency_key, from_seq, deltas, body,"
        " created_at) values ('ma', 0, 'k', 1, 1, '', now())",
        "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (1, 'ma', 1, 0)",
    ],
    ids=["in a batch", "held"],
)
def test_what_was_cut_but_has_not_arrived_still_waits(connection, look, clock, statement):
    assert add_ledger(connection, clock()) == 1
    connection.execute("insert into delivery.cursors values ('ma', 0, 1)")
    connection.execute(statement)
    assert look(5).opened == 0
    assert look(1).opened == 1


@pytest.mark.parametrize(
    ("states", "is_known", "opened"),
    [
        (["dead"], False, 0),
        (["dropped"], False, 0),
        (["dead", "pending"], False, 1),
        (["dead"], True, 1),
        (["pending"], False, 1),
    ],
)
def test_what_is_held_for_a_lead_that_nobody_makes_is_told_by_its_dead_letter_alone(
    connection, look, clock, states: list[str], is_known: bool, opened: int
):
    add_ledger(connection, clock())
    connection.execute("insert into delivery.cursors values ('ma', 0, 1)")
    connection.execute(
        "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (1, 'ma', 1, 0)"
    )
    if is_known:
        connection.execute("insert into delivery.external_ids values ('ma', 1, '9', now())")
    for number, state in enumerate(states):
        connection.execute(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane,"
            " created_at, state) values ('ma', 'upsert_lead', 1, '{}', %s, 1, %s, %s)",
            [str(number), clock(), state],
        )
    assert look(6).opened == opened
    assert {incident.kind for incident in incidents(connection)} <= {"ma_backlog"}


def test_an_effect_that_waits_is_told_but_not_one_just_sent_again(connection, look, clock):
    connection.execute(
        "insert into delivery.outbox (target, operation, payload, idempotency_key, created_at, state)"
        " values ('crm', 'create_lead', '{}', 'k', %s, 'sending')",
        [clock()],
    )
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, reason, died_at, state, settled_at)"
        " values ('crm', 'effect', 1, 'r', %s, 'retried', %s)",
        [clock(), clock() + timedelta(minutes=60)],
    )
    assert look(62).opened == 0
    assert look(1).opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("outbox_waiting", "crm")
    assert "New leads have waited for CRM for 3 min" in shown(incident)
    connection.execute("update delivery.outbox set state = 'done'")
    look(1)
    assert look(3).resolved == 1


def test_a_queue_in_which_leads_wait_too_long_is_told_until_they_have_an_owner(connection, look, clock):
    connection.execute(
        "insert into routing.leads (lead_id, cycle, state, queue, account, is_backfill, qualified_at, since,"
        " mql_lead_id, mql_cycle, alarm_at)"
        " select n, 1, 'queued', 'sales', '', false, %(now)s, %(now)s, n, 1,"
        " case when n < 3 then %(now)s + n * interval '10 min' end from generate_series(1, 3) as n",
        {"now": clock()},
    )
    assert look(9).opened == 0
    assert look(11).opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("queue_waiting", "sales")
    assert "2 leads in the queue sales have no owner" in shown(incident)
    assert "leads 1, 2" in shown(incident)
    connection.execute("update routing.leads set state = 'owned'")
    look(1)
    assert look(3).resolved == 1


def test_dead_letters_name_reasons_and_leads_but_no_person(connection, look, clock):
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)"
        " select 'ma', 'delta', n, n, 'HTTP 422: a@b.example is odd', %s from generate_series(1, 9) as n",
        [clock()],
    )
    look()
    (incident,) = incidents(connection)
    assert "MA refused 9 changes for good" in shown(incident)
    assert "HTTP 422: [e-mail] is odd" in shown(incident)
    assert "9 leads, for example 1, 2, 3, 4, 5\n" in shown(incident)
    connection.execute("update delivery.dead_letters set state = 'dropped'")
    look(1)
    assert look(3).resolved == 1


def test_what_an_identity_guard_stops_is_told_until_somebody_has_looked(connection, look, clock):
    connection.execute(
        "insert into identity.violations (guard, kind, value, event_seq, times, seen_at)"
        " values ('emails', 'user_id', 'ann@b.example', 7, 1, %s)",
        [clock()],
    )
    connection.execute("insert into identity.sightings values ('user_id', 'ann@b.example', 4, 5)")
    look()
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("identity_guard", "emails")
    assert "leads 4" in shown(incident)
    assert "b.example" not in shown(incident)
    settle_violations(connection, now=clock())
    look(1)
    assert look(3).resolved == 1


def test_what_a_gate_of_the_funnel_finds_is_told_while_it_is_new_and_nobody_has_looked(
    connection, look, clock
):
    connection.execute(
        "insert into analytics.gate_findings (dt, gate, subject, lead_id, facts, found_at, open_until) values"
        " ('2026-06-01', 'impossible_order', 'lead 4 cycle 1 won', 4, '{}', %(now)s, %(week)s),"
        " ('2026-06-02', 'gap', 'mqls', null, '{}', %(now)s, %(minute)s)",
        {"now": clock(), "week": clock() + timedelta(days=7), "minute": clock() + timedelta(minutes=1)},
    )
    look()
    gap, order = sorted(incidents(connection), key=lambda incident: incident.subject)
    assert (order.kind, order.subject) == ("funnel_gate", "impossible_order")
    assert "lead 4 cycle 1 won on 2026-06-01" in shown(order)
    assert "leads 4" in shown(order)
    assert "mqls on 2026-06-02" in shown(gap)
    look(2)  # the gap is old news by now
    assert look(3).resolved == 1
    settle_findings(connection, day=None, now=clock())
    look(1)
    assert look(3).resolved == 1


def test_a_contract_that_changes_a_frozen_quarter_is_told_until_it_is_put_right(connection, look, clock):
    contract = SHIPPED.kpi
    body = contract.model_dump(mode="json")
    body["versions"][0]["mql"]["fit"] = 99
    company = SHIPPED.company
    changed = KpiContract.model_validate(body).in_company(company)
    freeze_quarter(connection, contract=contract, company=company, quarter=Quarter(2026, 3), now=clock())
    look()
    assert incidents(connection) == []
    record_contract_changes(connection, contract=changed, company=company, now=clock())
    look()
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("contract_changed", "2026-Q3")
    assert "mql.fit: 20 → 99" in shown(incident)
    record_contract_changes(connection, contract=contract, company=company, now=clock())
    look(1)
    assert look(3).resolved == 1


def set_clock(connection: Connection, clock: Any, state: str, **values: Any) -> None:
    row = {"lead_id": 7, "name": "first_contact", "stopped_at": None, "evidence": "{}"} | values
    connection.execute(
        "insert into sla.breaches (lead_id, cycle, clock, state, started_at, due_at, stopped_at,"
        " business_minutes, target_minutes, changed_at, evidence)"
        " values (%(lead_id)s, 1, %(name)s, %(state)s, %(due)s - interval '10 minutes', %(due)s,"
        " %(stopped_at)s, 12, 10, %(now)s, %(evidence)s)"
        " on conflict (lead_id, cycle, clock) do update set state = excluded.state,"
        " stopped_at = excluded.stopped_at, changed_at = excluded.changed_at",
        row | {"state": state, "now": clock(), "due": row.get("due", clock())},
    )


def test_a_clock_warns_runs_out_and_is_answered_late(connection, look, clock):
    due = clock() + timedelta(minutes=5)
    set_clock(connection, clock, "at_risk", due=due, evidence='{"tier": "hot"}')
    assert look() == CheckResult(1, 0, 0, 1)
    clock.forward(minutes=6)
    set_clock(connection, clock, "breached", due=due)
    assert look() == CheckResult(1, 1, 0, 1), "no pause before its end: a clock does not flap"
    risk, breach = incidents(connection)
    assert (risk.kind, risk.facts["outcome"]) == ("sla_at_risk", "breached")
    assert (breach.kind, breach.subject) == ("sla_breach", "lead 7 first_contact 1")
    assert breach.opened_at == due
    assert "tier hot" in shown(breach)
    answered = clock.forward(minutes=20)
    set_clock(connection, clock, "met_late", due=due, stopped_at=answered)
    assert look(2).resolved == 1
    assert incidents(connection)[1].resolved_at == answered
    assert "Sales has answered, late." in shown(incidents(connection)[1])


def test_a_held_clock_is_no_alarm_and_no_all_clear(connection, look, clock):
    set_clock(connection, clock, "held")
    assert look() == CheckResult(0, 0, 0, 0)
    set_clock(connection, clock, "at_risk", lead_id=8)
    look()
    set_clock(connection, clock, "held", lead_id=8)
    assert look(60) == CheckResult(0, 0, 0, 1)
    set_clock(connection, clock, "met", lead_id=8, stopped_at=clock() - timedelta(minutes=90))
    assert look(1).resolved == 1
    (incident,) = incidents(connection)
    assert incident.resolved_at == incident.opened_at, "never before its beginning"


def test_the_median_has_no_lead(connection, look, clock):
    set_clock(connection, clock, "breached", lead_id=0, name="median_to_sal", evidence='{"leads": 31}')
    look()
    assert "Sales is too slow: median time to SAL of 31 leads" in shown(incidents(connection)[0])


def test_a_dag_is_well_again_after_a_success_that_no_failure_follows(connection, look, clock):
    def fail() -> None:
        open_incident(
            connection, kind="dag_failed", subject="score_leads", facts={"dag_id": "x"}, now=clock()
        )

    fail()
    assert look(1).resolved == 0
    beat(connection, "score_leads", now=clock())
    assert look(1).resolved == 0
    fail()
    assert look(60).resolved == 0
    beat(connection, "score_leads", now=clock())
    assert look(3).resolved == 1
    assert incidents(connection)[0].facts["times"] == 2


def test_what_lasts_is_escalated_once_and_not_while_it_gets_better(connection, look, clock):
    look(lag=6)
    assert look(14, lag=6).escalated == 0
    assert look(1, lag=2).escalated == 0
    assert look(1, lag=6).escalated == 1
    assert look(1, lag=6).escalated == 0
    never = SETTINGS.model_copy(update={"escalate_after_minutes": {"dead_letters": None}})
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, reason, died_at)"
        " values ('ma', 'delta', 1, 'r', %s)",
        [clock()],
    )
    look(settings=never)
    assert look(600, settings=never).escalated == 0


def test_two_at_once_open_one(connection, database_url, clock):
    add_ledger(connection, clock() - timedelta(hours=1))
    connection.commit()
    opened = []

    def look() -> None:
        with connect(database_url) as own:
            opened.append(
                run_checks(
                    own, CHECKS, settings=SETTINGS, now=clock(), cdp=CdpReading(minutes_lag=9, as_of=clock())
                )
            )

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(checked.opened for checked in opened) == 2
    assert sorted(incident.kind for incident in incidents(connection)) == ["cdp_lag", "ma_backlog"]


def test_a_threshold_that_waits_for_a_human_is_told_once_until_it_is_answered(connection, look, clock):
    connection.execute(
        "insert into lifecycle.thresholds (day, kpi_version, proposed_at, decided_by, reason, plan,"
        " waits_since, facts, hash)"
        " values ('2026-07-29', '2026-Q1', %(now)s, 'kept', 'a step of more than 5 points',"
        " 'ask', %(now)s, '{\"run_id\": \"scheduled__1\"}', 'h')",
        {"now": clock()},
    )
    look()
    look(1)
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("threshold_waits", "2026-07-29")
    assert "a step of more than 5 points" in shown(incident)
    connection.execute("update lifecycle.thresholds set waits_since = null, answer = 'rejected'")
    assert look(1).resolved == 1


#: A change of the 25th that raised the threshold, with what was to come of it; a decision that came later.
CHANGED = """
    insert into lifecycle.thresholds (day, kpi_version, value, sla_minutes, effective_at, proposed_at,
        decided_by, reason, plan, facts, hash)
    values ('2026-07-25', '2026-Q1', 78, 240, %(now)s::timestamptz - interval '4 days', %(now)s,
        'automatic', '', 'apply', %(facts)s, 'h')
"""
DECIDED = """
    insert into lifecycle.thresholds (day, kpi_version, effective_at, proposed_at,
        decided_by, reason, plan, facts, hash)
    values (%(day)s, '2026-Q1', %(now)s, %(now)s,
        %(by)s, %(reason)s, 'apply', '{"watched": "2026-07-25"}', 'h')
"""


def take_back(connection: Connection, clock: Any) -> None:
    forecasts = {
        "before": {"value": None, "sla_minutes": None},
        "now": {"threshold": 60.0, "sla_minutes": 480.0},
        "then": {"threshold": 78.0, "sla_minutes": 240.0},
    }
    connection.execute(CHANGED, {"now": clock(), "facts": Jsonb(forecasts)})
    reason = "the change of 2026-07-25 is taken back: the median wait is 395 min, it was 120 min"
    connection.execute(DECIDED, {"now": clock(), "day": "2026-07-29", "by": "reverted", "reason": reason})


def test_a_threshold_that_was_taken_back_is_told_for_a_day(connection, look, clock):
    take_back(connection, clock)
    look(1)
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("threshold_reverted", "2026-07-29")
    told = shown(incident)
    assert "threshold 78 → 60 points" in told
    assert "SLA target 4 h 0 min → 8 h 0 min" in told
    assert "the median wait is 395 min, it was 120 min" in told
    assert look(60 * 24 - 2).resolved == 0
    assert look(1).resolved == 1


def test_or_until_the_next_decision(connection, look, clock):
    take_back(connection, clock)
    look(1)
    clock.forward(minutes=1)
    connection.execute(
        DECIDED, {"now": clock(), "day": "2026-07-30", "by": "approved", "reason": "a better one"}
    )
    assert look().resolved == 1


def decide_training(connection: Connection, clock: Any, day: str, *refused: str) -> None:
    listed = [
        {"feature": name, "check": check, "reason": f"{check}: beyond belief"}
        for name in refused
        for check in ("auc", "late")
    ]
    connection.execute(
        "insert into training.decisions (day, outcome, reason, inputs_hash, findings, decided_at)"
        " values (%s, 'kept', '', '', %s, %s)",
        [day, Jsonb({"leads": 9} | ({"refused": listed} if listed else {})), clock()],
    )


def test_a_feature_that_was_refused_is_told_until_a_training_goes_without_the_refusal(
    connection, look, clock
):
    decide_training(connection, clock, "2026-07-29", "profile", "tags")
    look()
    decide_training(connection, clock, "2026-07-30", "tags", "profile")
    look(1)
    told = incidents(connection)
    assert [(each.kind, each.subject) for each in told] == [
        ("feature_refused", "profile"),
        ("feature_refused", "tags"),
    ]
    assert "late: beyond belief" in shown(told[0])
    decide_training(connection, clock, "2026-07-01")  # a day of the past, worked out again
    assert look(1).resolved == 0
    decide_training(connection, clock, "2026-07-30", "profile")
    assert look(1).resolved == 1
    decide_training(connection, clock, "2026-07-31")
    assert look(1).resolved == 1
