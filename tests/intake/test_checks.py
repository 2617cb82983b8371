"""The checks on forms."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.incidents.run_checks import CheckResult
from leadops.intake.form_quarantine import drop_quarantined_forms
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server
from tests.intake.form_keeper import keep_body

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_refused_forms(connection: Connection, now: datetime) -> None:
    refuse(connection, now, bad_signature=20)


def fire_quarantined_forms(connection: Connection, now: datetime) -> None:
    quarantine(connection, now)


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"refused_forms": fire_refused_forms, "quarantined_forms": fire_quarantined_forms}


def refuse(connection: Connection, at: datetime, **reasons: int) -> None:
    for reason, times in reasons.items():
        connection.execute("insert into intake.form_refusals values (%s, %s, %s)", [at, reason, times])


def quarantine(
    connection: Connection,
    at: datetime,
    forms: int = 1,
    *,
    reason: str = "not_json",
    detail: str = "send JSON",
) -> None:
    connection.execute(
        "insert into intake.quarantined_forms"
        " (submission_id, received_at, signed_at, secret, reason, detail, body)"
        " select gen_random_uuid()::text, %(at)s, %(at)s, 1, %(reason)s, %(detail)s,"
        " convert_to(gen_random_uuid()::text, 'UTF8') from generate_series(1, %(forms)s)",
        {"at": at, "reason": reason, "detail": detail, "forms": forms},
    )


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


@pytest.mark.parametrize(
    ("hours_ago", "spam", "kept", "opened"),
    [(23, 5, 5, 1), (23, 5, 6, 0), (23, 4, 0, 0), (25, 5, 0, 0), (0, 20, 80, 1), (0, 20, 81, 0)],
)
def test_spam_counts_as_refused_and_half_of_a_days_forms_are_an_incident(
    connection: Connection, look: Any, clock: Any, hours_ago: int, spam: int, kept: int, opened: int
) -> None:
    at = clock() - timedelta(hours=hours_ago)
    quarantine(connection, at, spam, reason="spam_honeypot")
    keep(connection, at, kept)
    assert look().opened == opened
    assert not [one for one in incidents(connection) if one.kind == "forms_quarantined"]


def test_the_incident_says_how_many_of_the_refused_forms_are_kept_as_spam(
    connection: Connection, look: Any, clock: Any
) -> None:
    refuse(connection, clock(), bad_signature=18)
    quarantine(connection, clock(), 2, reason="spam_links")
    quarantine(connection, clock(), 1, reason="spam_honeypot")
    look()
    (incident,) = incidents(connection)
    assert "21 of 21 forms refused" in shown(incident)
    assert "3 of them look like spam and are kept in quarantine" in shown(incident)


def test_the_window_is_an_hour_and_the_end_is_below_half_of_both(connection, look, clock):
    start = clock()
    refuse(connection, start - timedelta(minutes=61), stale=500)
    refuse(connection, start, bad_signature=21, stale=11)
    keep(connection, start, 8)
    assert look().opened == 1
    (incident,) = incidents(connection)
    for line in (
        "32 of 40 forms refused in 1 h 0 min",
        "80 %; most often bad_signature (21)",
    ):
        assert line in shown(incident)
    refuse(connection, start + timedelta(minutes=50), stale=10)
    assert look(60).resolved == 0, "the first 32 are an hour old and still count"
    assert look(5) == CheckResult(0, 0, 0, 1), "ten are half of the limit: not over, and not reported again"
    look(46)
    assert look(3).resolved == 1


def test_one_signed_form_in_quarantine_is_reported_until_somebody_handles_it(
    database_url: str, connection: Connection, look: Any, clock: Any
) -> None:
    assert look().opened == 0
    received = clock()
    keep_body(database_url, {"email": "hanako"}, now=received)
    assert look(1).opened == 1
    (incident,) = incidents(connection)
    assert incident.opened_at == received
    for line in (
        "1 signed form could not become leads",
        "oldest from 2026-07-31 02:00 JST; most often invalid_email (1)",
        "1 of 1 form in the last hour (100 %)",
        "for example no. 1: email must be an address",
    ):
        assert line in shown(incident)
    assert "hanako" not in str(incident.facts)
    assert look(5 * 24 * 60) == CheckResult(0, 0, 1, 1), "it does not end by growing old"
    assert "in the last hour" not in shown(incidents(connection)[0])
    assert drop_quarantined_forms(connection, now=clock(), ids=[1]) == 1
    look()
    assert look(3).resolved == 1


def test_quarantined_forms_are_reported_by_number_share_and_commonest_reason(connection, look, clock):
    quarantine(connection, clock() - timedelta(minutes=61), 2, reason="too_deep")
    quarantine(connection, clock() - timedelta(minutes=60), 3, reason="not_json")
    quarantine(connection, clock(), 2, reason="missing_field", detail="email of ann@buyer.example is missing")
    quarantine(connection, clock(), 2, reason="missing_field", detail="email of ann@buyer.example is missing")
    keep(connection, clock(), 33)
    look()
    (incident,) = incidents(connection)
    for line in (
        "9 signed forms could not become leads",
        "most often missing_field (4)",
        "7 of 40 forms in the last hour (17.5 %)",
        "for example no. 9: email of [e-mail] is missing",
    ):
        assert line in shown(incident)
