"""The check on the funnel's quality."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.funnel.quality_checks import settle_findings
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_funnel(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into analytics.quality_findings (dt, kind, subject, lead_id, facts, found_at, open_until)"
        " values ('2026-06-01', 'gap', 'mqls', null, '{}', %s, %s)",
        [now, now + timedelta(days=7)],
    )


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"funnel": fire_funnel}


def test_what_a_quality_check_finds_is_told_while_it_is_new_and_nobody_has_looked(connection, look, clock):
    connection.execute(
        "insert into analytics.quality_findings (dt, kind, subject, lead_id, facts, found_at, open_until)"
        " values"
        " ('2026-06-01', 'impossible_order', 'lead 4 cycle 1 won', 4, '{}', %(now)s, %(week)s),"
        " ('2026-06-02', 'gap', 'mqls', null, '{}', %(now)s, %(minute)s)",
        {"now": clock(), "week": clock() + timedelta(days=7), "minute": clock() + timedelta(minutes=1)},
    )
    look()
    gap, order = sorted(incidents(connection), key=lambda incident: incident.subject)
    assert (order.kind, order.subject) == ("funnel_quality", "impossible_order")
    assert "lead 4 cycle 1 won on 2026-06-01" in shown(order)
    assert "lead 4\n*Action*" in shown(order)
    assert "mqls on 2026-06-02" in shown(gap)
    look(2)  # the gap is old news by now
    assert look(3).resolved == 1
    settle_findings(connection, day=None, now=clock())
    look(1)
    assert look(3).resolved == 1
