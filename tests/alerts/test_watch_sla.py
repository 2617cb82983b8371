"""Clocks that are gone, because their lead was joined to another, leave no incident open."""

from leadops.alerts.incidents import open_incident
from leadops.alerts.watch_sla import watch_sla
from leadops.db import Connection
from tests.lifecycle.conftest import START


def test_an_incident_about_a_clock_that_is_gone_ends(connection: Connection) -> None:
    facts = {"lead_id": 7, "cycle": 1, "clock": "first_contact", "tier": "hot"}
    subject = "lead 7 first_contact 1"
    open_incident(connection, kind="sla_breach", subject=subject, facts=facts, now=START)
    assert [(each.kind, each.subject, each.standing) for each in watch_sla(connection, now=START)] == [
        ("sla_breach", subject, "good")
    ]
    connection.execute(
        "insert into sla.breaches (lead_id, cycle, clock, state, started_at, due_at, business_minutes,"
        " target_minutes, changed_at, evidence)"
        " values (7, 1, 'first_contact', 'breached', %(t)s, %(t)s, 1, 1, %(t)s, '{}')",
        {"t": START},
    )
    assert ("sla_breach", "wrong") in [
        (each.kind, each.standing) for each in watch_sla(connection, now=START)
    ]
