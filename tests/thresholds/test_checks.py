"""The check on thresholds."""

from datetime import datetime, timedelta
from typing import Any

from leadops.db import Connection
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


#: A rollback of the change of the 25th, which had raised the threshold and shortened the SLA target.
REVERTED = '{"reverted": ["2026-07-25"], "was": 78, "now": 60, "was_minutes": 240.0, "now_minutes": 480.0}'


def fire_thresholds(connection: Connection, now: datetime) -> None:
    connection.cursor().executemany(
        "insert into lifecycle.thresholds (day, kpi_version, effective_at, proposed_at, decided_by, reason,"
        " plan, waits_since, facts, hash) values (%s, '2026-Q1', %s, %s, %s, '', 'apply', %s, %s, 'h')",
        [
            ("2026-07-25", now - timedelta(days=4), now, "automatic", None, "{}"),
            ("2026-07-29", now, now, "reverted", None, REVERTED),
            ("2026-07-30", None, now, "kept", now, "{}"),
        ],
    )


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"thresholds": fire_thresholds}


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


DECIDED = """
    insert into lifecycle.thresholds (day, kpi_version, effective_at, proposed_at,
        decided_by, reason, plan, facts, hash)
    values (%(day)s, '2026-Q1', %(now)s, %(now)s,
        %(by)s, %(reason)s, 'apply', %(facts)s, 'h')
"""


def take_back(connection: Connection, clock: Any) -> None:
    reason = "the change of 2026-07-25 is taken back: the median wait is 395 min, it was 120 min"
    connection.execute(
        DECIDED,
        {"now": clock(), "day": "2026-07-29", "by": "reverted", "reason": reason, "facts": REVERTED},
    )


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
        DECIDED,
        {"now": clock(), "day": "2026-07-30", "by": "approved", "reason": "a better one", "facts": "{}"},
    )
    assert look().resolved == 1


def test_a_rollback_of_several_changes_names_them(connection, look, clock):
    facts = REVERTED.replace('["2026-07-25"]', '["2026-07-22", "2026-07-25"]')
    connection.execute(
        DECIDED, {"now": clock(), "day": "2026-07-29", "by": "reverted", "reason": "", "facts": facts}
    )
    look(1)
    (incident,) = incidents(connection)
    assert "The threshold change of 2026-07-22, 2026-07-25 was rolled back" in shown(incident)
