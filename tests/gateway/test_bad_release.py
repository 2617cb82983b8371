"""A site releases something that leadops must refuse: from the call to the message in Slack."""

import time
from datetime import timedelta
from typing import Any

from leadops.alerts.notify import notify_incidents
from leadops.db import Connection
from leadops.events.admit_quarantined import RetryResult, retry_quarantined
from leadops.intake.admit_forms import repair_quarantined_form
from tests.alerts.checking import clock, look, slack, slack_server
from tests.alerts.conftest import CALM, Clock, Slack
from tests.gateway.conftest import FORM_SECRETS, SITE, Serve
from tests.gateway.form_sender import FormSender
from tests.shipped import SHIPPED, change
from tests.waiting import PATIENCE

__all__ = ["clock", "look", "slack", "slack_server"]


def make_event(name: str, at: Any) -> dict[str, Any]:
    return {
        "event_id": name,
        "event": "page_view",
        "ts": at.isoformat(),
        "anonymous_id": f"a-{name}",
        "properties": {"name": "Hanako Yamada"},
        "context": {"page": f"{SITE}/pricing?email=hanako@buyer.example"},
    }


def notify(connection: Connection, slack: Slack, clock: Clock) -> str:
    """Bring Slack up to date; return all that the channel shows."""
    notify_incidents(
        connection,
        slack.chat(),
        settings=CALM,
        clock=clock,
        company=SHIPPED.company,
        sleep=lambda seconds: None,
    )
    return "\n".join(message["text"] + str(message["blocks"]) for message in slack.messages())


def test_five_hundred_refused_events_call_somebody_and_their_admission_ends_it(
    serve: Serve, connection: Connection, slack: Slack, clock: Clock, look: Any
) -> None:
    gateway = serve(clock=clock)
    gateway.headers.update({"Origin": SITE, "User-Agent": "Mozilla/5.0 (X11) Firefox/127.0"})

    look()
    good = [make_event(f"good-{number}", clock()) for number in range(12)]
    # The release sends Tokyo's local time as UTC: nine hours ahead.
    bad = [make_event(f"bad-{number}", clock() + timedelta(hours=9)) for number in range(500)]
    assert gateway.post("/collect", json=good).json()["accepted"] == 12
    assert len(gateway.post("/collect", json=bad).json()["quarantined"]) == 500
    assert look(6).opened == 1
    shown = notify(connection, slack, clock)
    for text in (
        "CRITICAL: 500 of 512 events of www.example.com refused in 1 h 0 min",
        "97.7 %; most often from_future (500)",
        "ts is more than 5 minutes ahead; set the clock",
        "leadops quarantine list --reason from_future",
        "https://wiki.example/runbooks/events_refused.md",
    ):
        assert text in shown
    for secret in ("anako", "Yamada", "buyer.example"):
        assert secret not in shown

    lenient = change(SHIPPED.events, max_ahead_minutes=600)
    result = retry_quarantined(connection, now=clock.forward(minutes=9), settings=lenient)
    assert result == RetryResult(admitted=500, duplicates=0, refused=0)
    look()
    assert look(3).resolved == 1
    shown = notify(connection, slack, clock)
    assert "RESOLVED: Refused events of www.example.com" in shown
    assert "CRITICAL" not in shown, "one problem, one message"


def test_forms_with_a_wrong_secret_and_one_without_an_address_call_somebody(
    serve: Serve, connection: Connection, slack: Slack, clock: Clock, look: Any
) -> None:
    gateway = serve(clock=clock)
    form = {"email": "hanako@buyer.example", "properties": {"company": "Buyer"}}
    for _ in range(25):
        sent = FormSender(gateway, "another-secret-0123").post(form, at=clock().timestamp())
        assert sent.status_code == 401
    sent = FormSender(gateway, FORM_SECRETS[0]).post({"email": "hanako"}, at=clock().timestamp())
    assert sent.json()["quarantined"]["reason"] == "invalid_email"
    wait_for_refusals(connection, 25)
    assert look(1).opened == 2
    shown = notify(connection, slack, clock)
    for text in (
        "WARNING: 25 of 25 forms refused in 1 h 0 min",
        "100 %; most often bad_signature (25)",
        "CRITICAL: 1 signed form could not become leads",
        "most often invalid_email (1)",
    ):
        assert text in shown
    assert "hanako" not in shown
    repair_quarantined_form(
        connection,
        1,
        changes=[("email", "hanako@buyer.example")],
        now=clock.forward(minutes=70),
        events=SHIPPED.events,
        identity=SHIPPED.identity,
    )
    look()
    assert look(3).resolved == 2
    shown = notify(connection, slack, clock)
    assert "RESOLVED: Signed forms in quarantine" in shown
    assert "RESOLVED: Refused forms" in shown


def wait_for_refusals(connection: Connection, times: int) -> None:
    """Return when the gateway has written this many refusals, which it does about once a second."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        row = connection.execute("select coalesce(sum(times), 0) from intake.form_refusals").fetchone()
        connection.rollback()
        if row and row[0] == times:
            return
        time.sleep(0.05)
    raise AssertionError(f"{times} refusals were not counted in time")
