"""The check on the canary: it fires for the first hop that is late, and ends when the visit is through."""

from datetime import datetime, timedelta

from leadops.canary.hops import OWN_HOPS, plan_hops
from leadops.canary.visitors import choose_visitor
from leadops.canary.visits import Visit, begin_visit, note_door
from leadops.db import Connection
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server
from tests.shipped import SHIPPED

__all__ = ["clock", "look", "slack", "slack_server"]


def begin(connection: Connection, at: datetime) -> Visit:
    with connection.transaction():
        visitor = choose_visitor(connection, writes_to=(), can_erase=True, age=timedelta(hours=24), now=at)
        limits = SHIPPED.canary.late_after_minutes
        return begin_visit(connection, visitor, plan_hops(OWN_HOPS), limits=limits, now=at)


def fire_canary(connection: Connection, now: datetime) -> None:
    begin(connection, now - timedelta(minutes=10))


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"canary": fire_canary}


def test_a_door_that_does_not_open_is_told_until_it_does(connection, look, clock):
    visit = begin(connection, clock())
    assert look(1).opened == 0
    with connection.transaction():
        note_door(connection, visit, "collect", "no connection", now=clock())
    assert look(3).opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("canary_late", "collect")
    assert "has not come through collect for 4 min" in shown(incident)
    assert "no connection" in shown(incident)
    with connection.transaction():
        note_door(connection, visit, "collect", None, now=clock())
    look(1)
    assert [one.subject for one in incidents(connection)] == ["collect"]
    with connection.transaction():
        note_door(connection, visit, "form", None, now=clock())
    for _ in range(7):
        look(1)
    (first, second) = sorted(incidents(connection), key=lambda one: one.incident_id)
    assert first.resolved_at is not None
    assert (second.subject, second.resolved_at) == ("resolve", None), "nobody resolves here"
