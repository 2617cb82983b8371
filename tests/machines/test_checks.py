"""The incident about the share of machines, at its bounds."""

from datetime import datetime, timedelta

from leadops.db import Connection
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server
from tests.shipped import SHIPPED

__all__ = ["clock", "look", "slack", "slack_server"]


def add_acts(connection: Connection, now: datetime, *, people: int, machines: int, hours: float) -> None:
    """Acts of one mail, so long before `now`."""
    at = now - timedelta(hours=hours)
    connection.execute(
        "insert into identity.leads (lead_id, email, created_at) overriding system value"
        " values (1, 'ann@mail.buyer.example', %s) on conflict do nothing",
        [at],
    )
    connection.execute(
        "with made as (insert into machines.acts (event_seq, lead_id, event, ts, mail)"
        " select coalesce((select max(event_seq) from machines.acts), 0) + n, 1, 'mail_click', %s, 'm1'"
        " from generate_series(1, %s) as n returning event_seq)"
        " insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
        " select event_seq, 1, 'same_moment', 'x', %s from made order by event_seq limit %s",
        [at, people + machines, at, machines],
    )


def fire_machines(connection: Connection, now: datetime) -> None:
    add_acts(connection, now, people=100, machines=0, hours=100)
    add_acts(connection, now, people=0, machines=SHIPPED.alerts.machine_share.min_count, hours=1)


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"machines": fire_machines}


def test_a_jump_of_the_share_is_reported_and_ends(connection, look, clock):
    # The week before: 20 of 100. The last day: 99 of 250 is above by 19.6 points.
    add_acts(connection, clock(), people=80, machines=20, hours=30)
    add_acts(connection, clock(), people=151, machines=99, hours=1)
    look()
    assert incidents(connection) == []
    add_acts(connection, clock(), people=0, machines=2, hours=1)  # 101 of 252: 20.1 points
    look()
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("machine_share", "machines")
    assert (incident.facts["count"], incident.facts["percent"], incident.facts["usual"]) == (101, 40.1, 20.0)
    assert "most by the signal same_moment, of the mail m1, at buyer.example" in shown(incident)
    add_acts(connection, clock(), people=400, machines=0, hours=1)
    look(1)
    assert look(5).resolved == 1


def test_without_a_week_before_nothing_jumps(connection, look, clock):
    add_acts(connection, clock(), people=0, machines=500, hours=1)
    look()
    assert incidents(connection) == []
