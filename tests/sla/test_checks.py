"""The check on SLA clocks."""

from datetime import datetime, timedelta
from typing import Any

from leadops.db import Connection
from leadops.incidents.check import CheckInput
from leadops.incidents.incident import open_incident
from leadops.incidents.run_checks import CheckResult
from leadops.sla.checks import check_clocks
from tests.alerts.checking import CALENDAR, clock, incidents, look, shown, slack, slack_server
from tests.lifecycle.conftest import START
from tests.shipped import SHIPPED

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_clocks(connection: Connection, now: datetime) -> None:
    connection.cursor().executemany(
        "insert into sla.breaches (lead_id, cycle, clock, state, started_at, due_at, business_minutes,"
        " target_minutes, changed_at, evidence)"
        " values (%s, 1, 'first_contact', %s, %s, %s, 12, 10, %s, '{}')",
        [(1, "breached", now, now, now), (2, "at_risk", now, now + timedelta(minutes=5), now)],
    )


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"sla": fire_clocks}


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
    set_clock(connection, clock, "at_risk", due=due, evidence='{"tier": "hot", "crm_lead_id": "L-1007"}')
    assert look() == CheckResult(1, 0, 0, 1)
    assert "in the CRM L-1007" in shown(incidents(connection)[0])
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
    assert "Sales responded, late." in shown(incidents(connection)[1])


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


def test_only_what_differs_from_its_incident_is_a_finding(connection, look, clock):
    for lead in range(1, 41):
        set_clock(connection, clock, "breached", lead_id=lead)
    assert look().opened == 40
    given = CheckInput(SHIPPED.alerts, clock(), CALENDAR)
    assert check_clocks(connection, given) == []
    due = clock()
    set_clock(connection, clock, "met_late", lead_id=3, due=due, stopped_at=clock.forward(minutes=1))
    set_clock(connection, clock, "held", lead_id=4, due=due)
    set_clock(connection, clock, "breached", lead_id=5, due=due)  # a new time of change: its facts are new
    set_clock(connection, clock, "at_risk", lead_id=41, due=due)
    found = {(finding.subject, finding.kind, finding.status) for finding in check_clocks(connection, given)}
    assert found == {
        ("lead 3 first_contact 1", "sla_breach", "ok"),
        ("lead 5 first_contact 1", "sla_breach", "firing"),
        ("lead 41 first_contact 1", "sla_at_risk", "firing"),
    }
    assert look() == CheckResult(1, 1, 0, 40)
    assert check_clocks(connection, given) == []


def test_the_median_has_no_lead(connection, look, clock):
    set_clock(connection, clock, "breached", lead_id=0, name="median_to_sal", evidence='{"leads": 31}')
    look()
    assert "Sales missed its SLA: median time to SAL of 31 leads" in shown(incidents(connection)[0])


def test_an_incident_about_a_clock_that_is_gone_ends(connection: Connection) -> None:
    given = CheckInput(SHIPPED.alerts, START, CALENDAR)
    facts = {"lead_id": 7, "cycle": 1, "clock": "first_contact", "tier": "hot"}
    subject = "lead 7 first_contact 1"
    open_incident(connection, kind="sla_breach", subject=subject, facts=facts, now=START)
    assert [(each.kind, each.subject, each.status) for each in check_clocks(connection, given)] == [
        ("sla_breach", subject, "ok")
    ]
    connection.execute(
        "insert into sla.breaches (lead_id, cycle, clock, state, started_at, due_at, business_minutes,"
        " target_minutes, changed_at, evidence)"
        " values (7, 1, 'first_contact', 'breached', %(t)s, %(t)s, 1, 1, %(t)s, '{}')",
        {"t": START},
    )
    assert ("sla_breach", "firing") in [(each.kind, each.status) for each in check_clocks(connection, given)]
