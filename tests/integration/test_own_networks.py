"""From a call behind a proxy to what counts: visitors of the office and from elsewhere, over HTTP."""

from typing import Any

import httpx
import pytest

from leadops.events.proof import sign_identity
from tests.alerts.conftest import Slack, slack, slack_server
from tests.gateway.conftest import IDENTITY_SECRETS, KEY, SITE, Serve, serve
from tests.integration.test_internal_leads import NOW, OFFICE, Minutes, minutes
from tests.routing.conftest import Office
from tests.routing.test_notify_reps import notify, texts

__all__ = ["minutes", "serve", "slack", "slack_server"]

#: An address of the office, and one of somebody else.
OFFICE_ADDRESS, ELSEWHERE = "203.0.113.9", "198.51.100.1"


def send(gateway: httpx.Client, email: str, event_id: str, address: str | None, **headers: str) -> None:
    """Let a signed visitor look at a page, through a proxy that names `address`."""
    item: dict[str, Any] = {
        "event_id": event_id,
        "event": "page_view",
        "ts": NOW.isoformat(),
        "email": email,
        "signature": sign_identity(IDENTITY_SECRETS[0], email=email),
    }
    forwarded = {"X-Forwarded-For": address} if address else {}
    browser = {"Origin": SITE, "User-Agent": "Mozilla/5.0 (X11) Firefox/127.0"}
    answer = gateway.post("/collect", json=item, headers=browser | forwarded | headers)
    assert answer.json()["accepted"] == 1


@pytest.fixture
def gateway(serve: Serve) -> httpx.Client:
    return serve(identity=OFFICE, trusted_proxies=["127.0.0.1"], clock=lambda: NOW)


def verdicts(minutes: Minutes) -> dict[str, bool | None]:
    return dict(minutes.rows("select event_id, own_network from cdp.events"))


def test_a_visitor_of_the_office_counts_for_nothing_until_seen_elsewhere(
    gateway: httpx.Client, minutes: Minutes
) -> None:
    send(gateway, "ann@home.example", "ann-1", OFFICE_ADDRESS)
    send(gateway, "bob@buyer.example", "bob-1", ELSEWHERE)
    send(gateway, "eve@buyer.example", "eve-1", None)  # the proxy names nobody
    send(gateway, "dan@buyer.example", "dan-1", OFFICE_ADDRESS, **{"X-Write-Key": KEY})  # a server
    assert verdicts(minutes) == {"ann-1": True, "bob-1": False, "eve-1": None, "dan-1": None}
    minutes.run(OFFICE, minute=0)
    counted = {"bob@buyer.example": 60, "eve@buyer.example": 60, "dan@buyer.example": 60}
    assert minutes.scores() == counted
    assert sorted(email for target, email in minutes.announced() if target == "ma") == sorted(counted)
    assert OFFICE_ADDRESS not in str(minutes.rows("select to_jsonb(events) from cdp.events"))
    send(gateway, "ann@home.example", "ann-2", ELSEWHERE)
    minutes.run(OFFICE, minute=1)
    assert minutes.scores() == counted | {"ann@home.example": 120}
    assert ("ma", "ann@home.example") in minutes.announced()


def test_behind_a_proxy_that_nobody_trusts_no_visitor_looks_internal(
    gateway: httpx.Client, minutes: Minutes
) -> None:
    """Of two proxies one is trusted; the other has an address of the office, and says for whom it speaks."""
    send(gateway, "ann@buyer.example", "ann-1", f"{ELSEWHERE}, {OFFICE_ADDRESS}")
    assert verdicts(minutes) == {"ann-1": None}
    minutes.run(OFFICE, minute=0)
    assert minutes.scores() == {"ann@buyer.example": 60}


def test_a_salesperson_reads_that_a_lead_is_one_of_our_own(
    gateway: httpx.Client, minutes: Minutes, slack: Slack
) -> None:
    minutes.send("ann@home.example")  # by a server: 90 points make an MQL
    minutes.run(OFFICE, minute=0)
    minutes.connection.execute("update routing.notices set created_at = %s", [slack.clock()])
    office = Office(minutes.connection)
    assert notify(office, slack, wait_for_id_minutes=0).sent == 1
    assert texts(slack) == ["*rep*: lead 1 is yours"]
    send(gateway, "ann@home.example", "ann-1", OFFICE_ADDRESS)
    minutes.run(OFFICE, minute=1)
    minutes.run(OFFICE, minute=2)
    assert notify(office, slack).sent == 0
    (text,) = texts(slack)
    assert text == "*rep*: lead 1 was withdrawn, do not call: it is one of our own people or a test"
