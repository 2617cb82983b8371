"""The check on the ways to on-call."""

from datetime import datetime, timedelta

import pytest

from leadops.alerts.failing_channel import AlertChannel, note_channel
from leadops.db import Connection
from tests.alerts.checking import clock, incidents, look, slack, slack_server
from tests.enum_checks import allowed_values

__all__ = ["clock", "look", "slack", "slack_server"]


def fail_both(connection: Connection, now: datetime) -> None:
    for channel in AlertChannel:
        for minutes in (6, 0):
            moment = now - timedelta(minutes=minutes)
            note_channel(connection, channel, waiting=2, problem="down", now=moment)


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"channels": fail_both}


@pytest.mark.parametrize(("minutes", "kinds"), [(4.9, []), (5, ["slack_failing"])])
def test_a_channel_fails_from_five_minutes_on(connection, look, clock, minutes, kinds):
    since = clock()
    note_channel(connection, AlertChannel.SLACK, waiting=1, problem="down", now=since)
    connection.commit()
    now = since + timedelta(minutes=minutes)
    note_channel(connection, AlertChannel.SLACK, waiting=3, problem="down", now=now)
    look(minutes)
    assert [incident.kind for incident in incidents(connection)] == kinds
    for incident in incidents(connection):
        assert (incident.opened_at, incident.facts["waiting"]) == (since, 3)


def test_it_is_well_again_with_a_round_that_leaves_nothing(connection, look, clock):
    fail_both(connection, clock())
    assert look().opened == 2
    for channel in AlertChannel:
        note_channel(connection, channel, waiting=0, problem=None, now=clock())
    look(1)
    assert look(3).resolved == 2


def test_waiting_for_a_look_up_is_not_failing(connection, look, clock):
    note_channel(connection, AlertChannel.SLACK, waiting=2, problem=None, now=clock())
    assert look(10).opened == 0


def test_the_table_knows_the_channels(connection):
    assert allowed_values(connection, "alerts.failing_channels", "channel") == set(AlertChannel)
