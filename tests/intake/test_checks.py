"""The checks on forms."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.incidents.run_checks import CheckResult
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_refused_forms(connection: Connection, now: datetime) -> None:
    refuse(connection, now, bad_signature=20)


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"forms": fire_refused_forms}


def refuse(connection: Connection, at: datetime, **reasons: int) -> None:
    for reason, times in reasons.items():
        connection.execute("insert into intake.form_refusals values (%s, %s, %s)", [at, reason, times])


def keep(connection: Connection, at: datetime, forms: int) -> None:
    connection.execute(
        "insert into intake.raw_leads (submission_id, received_at, secret, body)"
        " select md5(%(at)s::text || number), %(at)s, 1, '{}' from generate_series(1, %(forms)s) as number",
        {"at": at, "forms": forms},
    )


@pytest.mark.parametrize(
    ("refused", "kept", "opened"),
    [(19, 0, 0), (20, 0, 1), (20, 80, 1), (20, 81, 0), (25, 100, 1), (0, 5, 0)],
)
def test_twenty_forms_and_a_fifth_of_all_are_an_incident(
    connection: Connection, look: Any, clock: Any, refused: int, kept: int, opened: int
) -> None:
    refuse(connection, clock(), stale=refused)
    keep(connection, clock(), kept)
    assert look().opened == opened


def test_the_window_is_an_hour_and_the_end_is_below_half_of_both(connection, look, clock):
    start = clock()
    refuse(connection, start - timedelta(minutes=61), stale=500)
    refuse(connection, start, bad_signature=21, stale=11)
    keep(connection, start, 8)
    assert look().opened == 1
    (incident,) = incidents(connection)
    for line in (
        "32 of 40 forms were refused in 1 h 0 min",
        "80 %; most often bad_signature (21)",
    ):
        assert line in shown(incident)
    refuse(connection, start + timedelta(minutes=50), stale=10)
    assert look(60).resolved == 0, "the first 32 are an hour old and still count"
    assert look(5) == CheckResult(0, 0, 0, 1), "ten are half of the limit: not over, and not reported again"
    look(46)
    assert look(3).resolved == 1
