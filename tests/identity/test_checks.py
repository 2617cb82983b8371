"""The check on identity guards."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.identity.violations import settle_violations
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server
from tests.shipped import SHIPPED

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_identity(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into identity.violations (guard, kind, value, event_seq, times, seen_at)"
        " values ('emails', 'user_id', 'u', 7, 1, %s)",
        [now],
    )


def add_events(connection: Connection, now: datetime, *, pages: int, claims: int, minutes: float = 0) -> None:
    """Events of a browser each, so long before `now`; of the claims every fourth names a proven lead."""
    connection.execute(
        "with made as (insert into cdp.events"
        " (event_id, event, ts, received_at, anonymous_id, payload, proof)"
        " select gen_random_uuid(), 'identify', %(at)s, %(at)s, 'b-' || n, '{}', 'claim'"
        " from generate_series(1, %(pages)s + %(claims)s) as n returning seq, anonymous_id)"
        " insert into identity.claims (event_seq, reason, received_at) select seq,"
        " case when mod(substr(anonymous_id, 3)::int, 4) = 0 then 'proven_lead' else 'unproven_id' end,"
        " %(at)s"
        " from made order by seq limit %(claims)s",
        {"at": now - timedelta(minutes=minutes), "pages": pages, "claims": claims},
    )


def fire_claims(connection: Connection, now: datetime) -> None:
    add_events(connection, now, pages=0, claims=SHIPPED.alerts.claims_flood.min_count)


def count_traffic(
    connection: Connection, now: datetime, *, own: int, located: int, hours: float = 0.5
) -> None:
    """Note events of browsers as counted so long before `now`, and that all up to `now` are counted."""
    connection.execute("delete from cdp.traffic_progress")
    connection.execute("insert into cdp.traffic_progress values (%s, %s)", [now - timedelta(weeks=5), now])
    connection.execute(
        "insert into cdp.site_traffic (site, starts_at, events, located_events, own_events)"
        " values ('blog.example.com', %s, %s, %s, %s)",
        [now - timedelta(hours=hours), 2 * located, located, own],
    )


def fire_networks(connection: Connection, now: datetime) -> None:
    count_traffic(connection, now, own=SHIPPED.alerts.own_network_share.min_count, located=100)


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"identity": fire_identity, "claims": fire_claims, "networks": fire_networks}


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
    assert "lead 4" in shown(incident)
    assert "b.example" not in shown(incident)
    settle_violations(connection, now=clock())
    look(1)
    assert look(3).resolved == 1


def test_a_flood_of_claims_is_reported_and_ends(connection, look, clock):
    # 500 within the last hour and a fifth of all events; older ones and one too few are none.
    add_events(connection, clock(), pages=0, claims=600, minutes=61)
    add_events(connection, clock(), pages=2000, claims=499, minutes=30)
    look()
    assert incidents(connection) == []
    add_events(connection, clock(), pages=0, claims=1)
    look()
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("claims_flood", "claims")
    assert incident.facts["count"] == 500
    assert incident.facts["percent"] == 20.0
    assert incident.facts["proven_lead"] == 124  # of 499 every fourth
    assert (incident.facts["unproven_id"], incident.facts["only_claimed"]) == (376, 0)
    assert incident.facts["browsers"] == 499
    assert "500 events in 1 h 0 min naming somebody without proof (20.0 % of all)" in shown(incident)
    assert "b-1" not in shown(incident)
    look(60)
    assert look(3).resolved == 1


def test_many_claims_among_many_events_are_no_flood(connection, look, clock):
    add_events(connection, clock(), pages=2001, claims=500)
    look()
    assert incidents(connection) == []


def test_a_jump_of_events_from_own_networks_is_reported_and_ends(connection, look, clock):
    # The week before: 10 of 100, and what is older does not count. The last hour: 29.9 points above that.
    count_traffic(connection, clock(), own=10, located=100, hours=1.5)
    count_traffic(connection, clock(), own=0, located=9000, hours=24 * 7 + 1.5)
    count_traffic(connection, clock(), own=119, located=298)
    look()
    assert incidents(connection) == []
    connection.execute(
        "insert into identity.uncounted_leads values"
        " (1, 'internal', 'own networks', now()), (2, 'internal', 'domain ours.example', now())"
    )
    count_traffic(connection, clock(), own=1, located=2, hours=0.25)  # 120 of 300: 30.0 points
    look()
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("own_network_share", "networks")
    facts = incident.facts
    assert (facts["count"], facts["percent"], facts["usual"], facts["leads"]) == (120, 40.0, 10.0, 1)
    assert "120 events of browsers in 1 h 0 min came from the company's own networks" in shown(incident)
    assert "since then 1 lead counts for nothing" in shown(incident)
    count_traffic(connection, clock(), own=0, located=900, hours=0.2)  # 120 of 1,200: no jump
    look(1)
    count_traffic(connection, clock(), own=0, located=900, hours=0.3)
    assert look(5).resolved == 1


def test_without_a_week_before_any_large_share_is_reported_and_few_events_never(connection, look, clock):
    count_traffic(connection, clock(), own=99, located=99)
    look()
    assert incidents(connection) == []
    count_traffic(connection, clock(), own=1, located=1, hours=0.25)
    look()
    (incident,) = incidents(connection)
    assert (incident.facts["percent"], incident.facts["usual"]) == (100.0, 0.0)
