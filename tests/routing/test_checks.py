"""The checks on queues and profiles."""

from datetime import datetime, timedelta

from leadops.db import Connection
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_queues(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into routing.leads (lead_id, cycle, state, queue, account, is_backfill, qualified_at, since,"
        " mql_lead_id, mql_cycle, alarm_at)"
        " values (1, 1, 'queued', 'sales', '', false, %(at)s, %(at)s, 1, 1, %(at)s)",
        {"at": now - timedelta(hours=1)},
    )


def fire_profiles(connection: Connection, now: datetime) -> None:
    connection.execute("insert into routing.unprofiled_reps values ('151', %s)", [now])


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"queues": fire_queues, "profiles": fire_profiles}


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
    assert "2 leads without an owner in queue sales" in shown(incident)
    assert "leads 1, 2" in shown(incident)
    connection.execute("update routing.leads set state = 'owned'")
    look(1)
    assert look(3).resolved == 1
