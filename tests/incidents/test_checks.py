"""The check on DAGs."""

from datetime import datetime

from leadops.db import Connection
from leadops.incidents.heartbeats import beat
from leadops.incidents.open_incident import open_incident
from tests.alerts.checking import clock, incidents, look, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_nothing(connection: Connection, now: datetime) -> None:
    """The CDP is asked over HTTP: what it answers is no row."""


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"dags": fire_nothing}


def test_a_dag_is_well_again_after_a_success_that_no_failure_follows(connection, look, clock):
    def fail() -> None:
        open_incident(
            connection, kind="dag_failed", subject="score_leads", facts={"dag_id": "x"}, now=clock()
        )

    fail()
    assert look(1).resolved == 0
    beat(connection, "score_leads", now=clock())
    assert look(1).resolved == 0
    fail()
    assert look(60).resolved == 0
    beat(connection, "score_leads", now=clock())
    assert look(3).resolved == 1
    assert incidents(connection)[0].facts["times"] == 2
