"""The checks on DAGs."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.finding import fire
from leadops.incidents.incident import open_incident, report_incident
from leadops.incidents.task_results import beat
from tests.alerts.checking import SETTINGS, clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_nothing(connection: Connection, now: datetime) -> None:
    """The CDP is asked over HTTP: what it answers is no row."""


def stop_a_dag(connection: Connection, now: datetime) -> None:
    beat(connection, "score_leads", now=now - timedelta(minutes=16))


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"dags": fire_nothing, "recovered_tasks": fire_nothing, "stopped_dags": stop_a_dag}


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


def test_a_dag_that_neither_succeeds_nor_fails_stands_still(connection, look, clock):
    started = clock()
    beat(connection, "score_leads", now=started)
    beat(connection, "score_leads.push", now=started)
    beat(connection, "refresh_funnel", now=started)
    assert look(15).opened == 0
    assert look(0.1).opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("dag_stopped", "score_leads")
    assert "DAG score_leads has not succeeded for 15 min" in shown(incident)
    beat(connection, "score_leads", now=clock())
    look()
    assert look(3).resolved == 1


def test_a_standstill_is_not_reported_beside_a_failure_or_where_it_is_wanted(connection, look, clock):
    beat(connection, "score_leads", now=clock())
    never = SETTINGS.model_copy(update={"stopped_after_minutes": {"score_leads": None}})
    assert look(600, settings=never).opened == 0
    facts = {"dag_id": "score_leads"}
    open_incident(connection, kind="dag_failed", subject="score_leads", facts=facts, now=clock())
    assert look().opened == 0


def test_check_alerts_does_not_report_its_own_standstill_as_it_resumes(connection, look, clock):
    beat(connection, "check_alerts", now=clock() - timedelta(hours=3))
    assert look().opened == 0


def report_standstill(connection: Connection, now: datetime) -> None:
    facts = {"minutes": 2.0, "worst": 2.0}
    report_incident(connection, fire("tasks_stopped", facts, since=now), now=now)


def test_a_standstill_of_all_tasks_ends_with_a_later_success_of_a_minute_dag(connection, look, clock):
    beat(connection, "score_leads.push", now=clock())
    report_standstill(connection, clock.forward(minutes=1))
    assert look().resolved == 0
    beat(connection, "refresh_funnel", now=clock.forward(minutes=1))  # not one of every minute
    look()
    assert look(3).resolved == 0
    beat(connection, "score_leads.push", now=clock())
    look()
    assert look(2.9).resolved == 0
    assert look(0.1).resolved == 1


def test_while_all_tasks_stand_still_no_dag_is_reported_besides(connection, look, clock):
    beat(connection, "score_leads", now=clock())
    report_standstill(connection, clock.forward(minutes=20))
    assert look().opened == 0
