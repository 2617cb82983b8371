"""The check on identity guards."""

from datetime import datetime

from leadops.db import Connection
from leadops.identity.violations import settle_violations
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_identity(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into identity.violations (guard, kind, value, event_seq, times, seen_at)"
        " values ('emails', 'user_id', 'u', 7, 1, %s)",
        [now],
    )


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"identity": fire_identity}


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
