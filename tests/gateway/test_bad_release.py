"""A site releases something that leadops must refuse: from the call to the message in Slack."""

from datetime import timedelta
from typing import Any

from leadops.alerts.notify import notify_incidents
from leadops.db import Connection
from leadops.events.admit_quarantined import RetryResult, retry_quarantined
from tests.alerts.checking import clock, look, slack, slack_server
from tests.alerts.conftest import CALM, Clock, Slack
from tests.gateway.conftest import SITE, Serve
from tests.shipped import SHIPPED, change

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


def test_five_hundred_refused_events_call_somebody_and_their_admission_ends_it(
    serve: Serve, connection: Connection, slack: Slack, clock: Clock, look: Any
) -> None:
    gateway = serve(clock=clock)
    gateway.headers.update({"Origin": SITE, "User-Agent": "Mozilla/5.0 (X11) Firefox/127.0"})

    def notify() -> str:
        notify_incidents(
            connection,
            slack.chat(),
            settings=CALM,
            clock=clock,
            company=SHIPPED.company,
            sleep=lambda seconds: None,
        )
        return "\n".join(message["text"] + str(message["blocks"]) for message in slack.messages())

    look()
    good = [make_event(f"good-{number}", clock()) for number in range(12)]
    # The release sends Tokyo's local time as UTC: nine hours ahead.
    bad = [make_event(f"bad-{number}", clock() + timedelta(hours=9)) for number in range(500)]
    assert gateway.post("/collect", json=good).json()["accepted"] == 12
    assert len(gateway.post("/collect", json=bad).json()["quarantined"]) == 500
    assert look(6).opened == 1
    shown = notify()
    for text in (
        "CRITICAL: 500 of 512 events of www.example.com were refused in 1 h 0 min",
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
    shown = notify()
    assert "RESOLVED: Refused events of www.example.com" in shown
    assert "CRITICAL" not in shown, "one problem, one message"
