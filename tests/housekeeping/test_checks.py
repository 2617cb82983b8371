"""The check on space, by numbers worked out by hand."""

from datetime import datetime, timedelta

import pytest

from leadops.db import Connection
from leadops.incidents.alert_settings import SpaceLimits
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]

GIB = 1024**3
PLACE = "/logs on worker-1"


def sample(connection: Connection, at: datetime, used: float, free: float, place: str = PLACE) -> None:
    """Record how full `place` was, in GiB."""
    connection.execute(
        "insert into housekeeping.space_samples values (%s, %s, %s, %s)", [place, at, used * GIB, free * GIB]
    )


def fire_space(connection: Connection, now: datetime) -> None:
    sample(connection, now, 97, 3)


SCENES = {"space": fire_space}


def test_a_disk_that_is_full_within_a_week_is_told_once_with_its_days(connection, look, clock) -> None:
    sample(connection, clock() - timedelta(days=1), 40, 60)
    sample(connection, clock(), 50, 50)  # ten a day: five days
    assert look().opened == 1
    [incident] = incidents(connection)
    assert (incident.kind, incident.subject) == ("space_short", PLACE)
    assert incident.facts == {"place": PLACE, "free": 50.0, "percent": 50.0, "days": 5.0}
    assert "full in 5 days at the rate of the last day" in shown(incident)
    assert look(1).opened == 0


def test_it_ends_when_room_was_made(connection, look, clock) -> None:
    sample(connection, clock(), 97, 3)
    look()
    sample(connection, clock() + timedelta(minutes=60), 92, 8)
    look(61)
    look(10)
    assert incidents(connection)[0].is_open, "8 % is less than twice the limit"
    sample(connection, clock() + timedelta(minutes=60), 80, 20)
    look(61)
    assert look(4).resolved == 1


@pytest.mark.parametrize(
    ("hours", "used", "fires"),
    [
        (24, 42.9, True),  # 7.1 a day, 49 are free: 6.9 days
        (24, 43.1, False),  # 6.9 a day: 7.1 days
        (25, 40, True),
        (19, 40, False),  # too close to say anything about a day
        (24, 60, False),  # it shrank
    ],
)
def test_the_rate_is_that_of_the_last_day(connection, look, clock, hours, used, fires) -> None:
    sample(connection, clock() - timedelta(hours=hours), used, 100 - used)
    sample(connection, clock(), 50, 49)
    assert look().opened == fires


def test_of_many_samples_the_one_of_a_day_before_counts(connection, look, clock) -> None:
    for hours, used in ((72, 1), (24, 49), (23, 10), (2, 10)):
        sample(connection, clock() - timedelta(hours=hours), used, 100 - used)
    sample(connection, clock(), 50, 50)
    assert look().opened == 0, "one a day: fifty days"


def test_a_place_that_is_gone_is_forgotten(connection, look, clock) -> None:
    sample(connection, clock(), 97, 3)
    assert look().opened == 1
    look(6 * 60 + 1)
    assert look(4).resolved == 1


@pytest.mark.parametrize(
    ("share", "days", "status"),
    [
        (0.049, None, "firing"),
        (0.05, None, "unknown"),
        (0.099, None, "unknown"),
        (0.1, None, "ok"),
        (0.5, 6.9, "firing"),
        (0.5, 7.0, "unknown"),
        (0.5, 13.9, "unknown"),
        (0.5, 14.0, "ok"),
    ],
)
def test_the_limits(share: float, days: float | None, status: str) -> None:
    assert SpaceLimits(full_within_days=7, min_free_share=0.05).classify(share, days) == status
