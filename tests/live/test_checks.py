"""The check on live lanes: it fires where none works any more, and only where one did."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.live.lane_record import LaneReport, record_lane
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def beat(
    connection: Connection, at: datetime, *, name: str = "one", is_on: bool = True, problem: str | None = None
) -> None:
    record_lane(connection, name, LaneReport(is_on, problem=problem), started_at=at, now=at)


def fire_lanes(connection: Connection, now: datetime) -> None:
    beat(connection, now - timedelta(minutes=4))


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"live_lanes": fire_lanes}


def test_lanes_that_are_gone_are_told_until_one_works_again(connection, look, clock):
    assert look().opened == 0, "there was never one"
    beat(connection, clock())
    assert look(2).opened == 0
    assert look(2).opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("live_stopped", "live")
    assert "No live lane has worked for 4 min" in shown(incident)
    beat(connection, clock(), name="another")
    for _ in range(4):
        look(1)
        beat(connection, clock(), name="another")
    assert [one.resolved_at is not None for one in incidents(connection)] == [True]


def test_a_stage_that_fails_in_every_lane_is_named(connection, look, clock):
    beat(connection, clock())
    opened = 0
    for _ in range(4):
        opened += look(1).opened
        beat(connection, clock(), problem="score: LockNotAvailable")
    assert opened == 1
    (incident,) = incidents(connection)
    assert "score: LockNotAvailable" in shown(incident)


def test_one_lane_that_works_is_enough(connection, look, clock):
    beat(connection, clock(), name="gone")
    look(4)
    beat(connection, clock(), name="here")
    assert look(1).opened == 0


def test_a_lane_that_was_switched_off_is_not_missed(connection, look, clock):
    beat(connection, clock())
    beat(connection, clock() + timedelta(seconds=15), is_on=False)
    assert look(90).opened == 0
