"""The checks on the CRM: a feed that is late, and items that cannot be read."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.incidents.run_checks import CheckResult
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_feeds(connection: Connection, now: datetime) -> None:
    set_feed(connection, as_of=now - timedelta(minutes=16), polled_at=now)


def fire_refused(connection: Connection, now: datetime) -> None:
    refuse(connection, "a", reason="kind is missing", at=now)


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"crm_feeds": fire_feeds, "crm_refused": fire_refused}


def set_feed(connection: Connection, *, as_of: datetime | None, polled_at: datetime) -> None:
    connection.execute(
        "insert into crm.feeds values ('activities', 'c', %s, %s)"
        " on conflict (feed) do update set as_of = excluded.as_of, polled_at = excluded.polled_at",
        [as_of, polled_at],
    )


def refuse(connection: Connection, item: str, *, reason: str, at: datetime, body: Any = None) -> None:
    connection.execute(
        "insert into crm.refused values ('activities', %s, %s, %s, %s)",
        [f"{item}-digest-of-it", Jsonb(body or {"id": item}), reason, at],
    )


@pytest.mark.parametrize(("minutes", "opened"), [(15, 0), (15.1, 1), (16, 1)])
def test_a_feed_is_late_above_fifteen_minutes(
    connection: Connection, look: Any, clock: Any, minutes: float, opened: int
) -> None:
    set_feed(connection, as_of=clock() - timedelta(minutes=minutes), polled_at=clock())
    assert look().opened == opened


def test_a_late_feed_opens_once_and_ends_when_it_has_caught_up(connection, look, clock):
    last = clock()
    set_feed(connection, as_of=last, polled_at=last)
    assert look(16) == CheckResult(1, 0, 0, 1)
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("crm_feed_late", "activities")
    assert "The CRM feed activities is 16 min old" in shown(incident)
    assert "complete up to 2026-07-31 02:00 JST, last read 2026-07-31 02:00 JST" in shown(incident)
    look(44)
    for minutes in (5.1, 14.9):  # between the two limits: neither over nor another one
        set_feed(connection, as_of=clock() - timedelta(minutes=minutes - 4), polled_at=clock())
        assert look(4) == CheckResult(0, 0, 0, 1)
    set_feed(connection, as_of=clock(), polled_at=clock())
    fresh_since = clock.forward(minutes=1)
    look()
    assert look(3) == CheckResult(0, 1, 0, 0)
    (incident,) = incidents(connection)
    assert (incident.resolved_at, incident.facts["worst"]) == (fresh_since, 60.0)


def test_a_feed_whose_end_was_never_reached_is_as_old_as_its_first_poll(connection, look, clock):
    set_feed(connection, as_of=None, polled_at=clock())
    connection.execute("update crm.feeds set first_polled_at = polled_at")
    set_feed(connection, as_of=None, polled_at=clock() + timedelta(minutes=15))
    assert look(15).opened == 0
    assert look(1).opened == 1
    (incident,) = incidents(connection)
    assert "The CRM feed activities is 16 min old" in shown(incident)
    assert "first read 2026-07-31 02:00 JST, its end never reached; last read 2026-07-31 02:15" in shown(
        incident
    )
    assert "complete up to" not in shown(incident)


def test_unreadable_items_are_reported_with_their_commonest_reason_and_one_item(connection, look, clock):
    refuse(connection, "a1", reason="kind is missing", at=clock() - timedelta(hours=25))
    assert look().opened == 0, "a day is over"
    refuse(connection, "a2", reason="kind is missing", at=clock() - timedelta(hours=3))
    refuse(connection, "a3", reason="lead_id is missing", at=clock() - timedelta(hours=2))
    refuse(connection, "a4", reason="lead_id is missing", at=clock() - timedelta(hours=1))
    refuse(connection, "a5", reason="an activity must be an object", at=clock(), body=["ann@secret.example"])
    assert look().opened == 1
    (incident,) = incidents(connection)
    assert incident.opened_at == clock() - timedelta(hours=3)
    for line in ("4 items of the CRM feed", "most often: lead_id is missing (2)", "for example item a4"):
        assert line in shown(incident)
    assert "secret" not in str(incident.facts)
    assert look(24 * 60 - 1).resolved == 0, "the last one was refused less than a day ago"
    look(2)
    assert look(3).resolved == 1
