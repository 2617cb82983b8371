"""Incidents opened by those who see something happen."""

import threading

import pytest

from leadops.db import connect
from leadops.incidents.heartbeats import beat
from leadops.incidents.open_incident import open_incident


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
