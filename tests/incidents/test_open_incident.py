"""Incidents opened by those who see something happen."""

import threading
from datetime import timedelta

import pytest

from leadops.db import connect
from leadops.incidents.finding import fire
from leadops.incidents.incident import open_incident, record_past_incident, report_incident
from leadops.incidents.task_results import MinuteMarks, beat, read_minute_marks


def test_the_second_time_counts_up_the_first(connection, clock):
    first = open_incident(connection, kind="dag_failed", subject="a", facts={"dag_id": "a"}, now=clock())
    clock.forward(minutes=5)
    facts = {"dag_id": "a", "run_id": "later"}
    assert open_incident(connection, kind="dag_failed", subject="a", facts=facts, now=clock()) == first
    row = connection.execute("select facts, seen_at, opened_at from incidents.incidents").fetchone()
    assert row is not None
    assert row[0] == facts | {"times": 2}
    assert row[1] - row[2] == clock() - row[2] > clock() - clock()


def test_a_failed_run_is_not_late_as_well(connection, clock):
    late = {"kind": "run_missed_deadline", "facts": {"dag_id": "a"}, "now": clock()}
    open_incident(connection, kind="dag_failed", subject="a", facts={"dag_id": "a"}, now=clock())
    assert open_incident(connection, subject="a", **late) is None
    assert open_incident(connection, subject="b", **late) is not None


def test_while_no_task_runs_late_runs_are_the_same_problem(connection, clock):
    stopped = fire("tasks_stopped", {"minutes": 2.0}, since=clock())
    report_incident(connection, stopped, now=clock())
    late = {"kind": "run_missed_deadline", "facts": {"dag_id": "a"}, "now": clock()}
    assert open_incident(connection, subject="a", **late) is None


def test_two_reporters_of_one_problem_keep_what_the_other_knows(connection, clock):
    def report(**facts) -> None:
        report_incident(connection, fire("tasks_stopped", facts, since=clock()), now=clock())

    report(minutes=2.0, worst=2.0, restarts=1)
    clock.forward(minutes=1)
    report(minutes=3.0, worst=3.0)
    report(minutes=0.5, worst=0.5, restarts=2)
    ((facts, seen_at),) = connection.execute("select facts, seen_at from incidents.incidents").fetchall()
    assert facts == {"minutes": 0.5, "worst": 3.0, "restarts": 2}
    assert seen_at == clock()


def test_an_outage_is_recorded_once_and_the_next_one_is_another(connection, clock):
    began = clock()

    def record(minutes: float, *, lasted: float = 5) -> int | None:
        finding = fire("database_down", {"reason": "x"}, since=began + timedelta(minutes=minutes))
        return record_past_incident(
            connection, finding, resolved_at=began + timedelta(minutes=minutes + lasted)
        )

    assert record(0) is not None
    assert record(0.2) is None  # seen by another watchdog
    assert record(4.9, lasted=1) is None
    assert record(5.1) is not None
    rows = connection.execute("select state, resolved_at - opened_at from incidents.incidents").fetchall()
    assert rows == [("resolved", timedelta(minutes=5))] * 2


def test_a_kind_that_nobody_declared_is_refused(connection, clock):
    with pytest.raises(KeyError):
        open_incident(connection, kind="coffee", subject="a", facts={}, now=clock())


def test_callbacks_at_the_same_moment_make_one_incident(connection, database_url, clock):
    def fail() -> None:
        with connect(database_url) as own:
            open_incident(own, kind="dag_failed", subject="a", facts={"dag_id": "a"}, now=clock())

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connection.execute("select facts ->> 'times' from incidents.incidents").fetchall() == [("4",)]


def test_a_heartbeat_never_goes_back(connection, clock):
    late = clock()
    beat(connection, "a", now=clock.forward(minutes=1))
    beat(connection, "a", now=late)
    assert connection.execute("select succeeded_at from incidents.heartbeats").fetchall() == [(clock(),)]


def test_marks_of_minute_runs_change_with_each_success_and_failure(connection, clock):
    dags = ("score_leads", "check_alerts")
    assert read_minute_marks(connection, dags) == MinuteMarks(0, None, 0)
    beat(connection, "score_leads.push", now=clock())
    beat(connection, "score_leads", now=clock())
    beat(connection, "check_alerts", now=clock())
    beat(connection, "score_leads (backfill)", now=clock.forward(minutes=1))
    beat(connection, "refresh_funnel", now=clock())
    assert read_minute_marks(connection, dags) == MinuteMarks(3, clock() - timedelta(minutes=1), 1)
    beat(connection, "check_alerts", now=clock() - timedelta(hours=1))  # the clock was set back
    facts = {"dag_id": "score_leads"}
    open_incident(connection, kind="dag_failed", subject="score_leads", facts=facts, now=clock())
    open_incident(connection, kind="dag_failed", subject="refresh_funnel", facts=facts, now=clock())
    assert read_minute_marks(connection, dags) == MinuteMarks(5, clock() - timedelta(minutes=1), 2)
