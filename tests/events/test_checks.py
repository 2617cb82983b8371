"""The check on the CDP."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.check import CdpReading
from leadops.incidents.run_checks import CheckResult
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_nothing(connection: Connection, now: datetime) -> None:
    """The CDP is asked over HTTP: what it answers is no row."""


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"cdp": fire_nothing}


def test_a_lag_opens_once_remembers_its_worst_and_ends_when_good_news_lasts(connection, look, clock):
    assert look(lag=5.0).opened == 0
    assert look(lag=5.1).opened == 1
    assert look(1, lag=9.0).opened == 0
    for lag in (4.0, 2.0, 4.0, 2.0, 5.5, 2.0):
        assert look(1, lag=lag).resolved == 0, "it flaps"
    good_since = clock()
    look(2, lag=1.0)
    assert look(1, lag=0.0) == CheckResult(0, 1, 0, 0)
    (incident,) = incidents(connection)
    assert incident.facts["worst"] == 9.0
    assert incident.resolved_at == good_since
    assert look(1, lag=6).opened == 1, "another one"


def test_the_age_of_the_answer_is_part_of_the_lag(connection, look, clock):
    old = CdpReading(minutes_lag=2.0, as_of=clock() - timedelta(minutes=4))
    assert look(cdp=old).opened == 1
    assert incidents(connection)[0].facts["minutes"] == 6.0


def test_a_cdp_that_stays_silent_is_unreachable_since_its_last_answer(connection, look, clock):
    look(lag=6.0)
    last = clock()
    silent = CdpReading(reason="GET /metrics/lag: no connection for me@example.com")
    assert look(1, cdp=silent).opened == 0, "one missed answer is nothing"
    assert look(1, cdp=silent).opened == 1
    lag, unreachable = incidents(connection)
    assert unreachable.opened_at == last
    assert "no connection for [e-mail]" in shown(unreachable)
    look(10, cdp=silent)
    assert incidents(connection)[0].is_open, "nobody knows about the lag"
    look(1, lag=0.0)
    assert look(4, lag=0.0).resolved == 2
    assert lag.kind == "cdp_lag"


def test_without_a_reading_the_cdp_is_left_alone(connection, look, clock):
    look(lag=6.0)
    assert look(60) == CheckResult(0, 0, 1, 1)
