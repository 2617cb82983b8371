"""From the gateway taking an event to the MA having applied its points, through the running stack."""

import random
import time
from datetime import UTC, datetime
from typing import Any

import requests

from benchmarks.figures import Figure, Measured
from benchmarks.percentiles import percentile
from benchmarks.whole_stack import Stack
from leadops.products.product_client import ProductClient

#: The event that is sent, and the reason under which its points arrive.
EVENT = REASON = "request_document"
#: Seconds after which an event that is not there counts as lost.
LOST_AFTER = 240.0


def measure_latency(stack: Stack, *, quick: bool) -> Measured:
    """Send one event for each of many known leads at random moments, and find each again in the MA."""
    minutes, count = (1, 10) if quick else (6, 120)
    sender = Sender(stack)
    emails = [f"known-{number}@latency.example" for number in range(count)]
    sender.send([_event(email, "identify") for email in emails])
    ids = _await_leads(stack, emails)
    moments = pick_moments(count, seconds=60.0 * minutes)
    started, sent_at = time.monotonic(), {}
    for moment, email in zip(moments, emails, strict=True):
        time.sleep(max(0.0, started + moment - time.monotonic()))
        sent_at[ids[email]] = datetime.now(UTC)
        sender.send([_event(email, EVENT)])
    applied_at = _await_applied(stack, set(sent_at))
    waits = [(applied_at[lead] - sent).total_seconds() for lead, sent in sent_at.items()]
    return Measured(
        figures=[
            Figure("p95", percentile(waits, 0.95), "s", "under", 65),
            Figure("p50", percentile(waits, 0.5), "s"),
            Figure("longest", max(waits), "s"),
            Figure("shortest", min(waits), "s"),
            Figure("events", len(waits), ""),
        ],
        remarks=[f"sent over {minutes} minutes"],
    )


def pick_moments(count: int, *, seconds: float, seed: int = 7) -> list[float]:
    """Return `count` moments, in order, each anywhere from 0 to `seconds`; the same under the same seed."""
    rng = random.Random(seed)
    return sorted(rng.uniform(0, seconds) for _ in range(count))


class Sender:
    """A server-side sender of events: it has the write key."""

    def __init__(self, stack: Stack) -> None:
        self._url = f"{stack.gateway}/collect"
        self._session = requests.Session()
        self._session.headers["X-Write-Key"] = stack.values["LEADOPS_WRITE_KEY"]

    def send(self, events: list[dict[str, Any]]) -> None:
        """Send `events`; raise RuntimeError unless every one is taken."""
        response = self._session.post(self._url, json={"events": events}, timeout=10)
        if response.status_code != 202 or response.json()["accepted"] != len(events):
            raise RuntimeError(f"the gateway did not take {len(events)} events: {response.text[:500]}")


def _event(email: str, name: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"event_id": f"{email}-{name}", "event": name, "ts": now, "user_id": email, "email": email}


def _await_leads(stack: Stack, emails: list[str]) -> dict[str, int]:
    """Return the MA's id of each email, once it has them all."""
    client, wanted, deadline = ProductClient(stack.ma), set(emails), time.monotonic() + LOST_AFTER
    while True:
        ids = {
            lead.email: int(lead.external_id)
            for lead in client.iterate_leads()
            if lead.email in wanted and lead.external_id
        }
        if len(ids) == len(wanted):
            client.transport.close()
            return ids
        if time.monotonic() > deadline:
            raise RuntimeError(f"the MA has {len(ids)} of {len(wanted)} leads after {LOST_AFTER:.0f} s")
        time.sleep(2)


def _await_applied(stack: Stack, leads: set[int]) -> dict[int, datetime]:
    """Return when (UTC) the MA applied the points of each lead in `leads`, once it has for all."""
    found: dict[int, datetime] = {}
    cursor, deadline = "0", time.monotonic() + LOST_AFTER
    while True:
        page = requests.get(
            f"{stack.ma.base_url}/_state/ma/applied", params={"after": cursor}, timeout=60
        ).json()
        cursor = page["cursor"]
        for item in page["items"]:
            if item["leadId"] in leads and item["reason"] == REASON:
                found[item["leadId"]] = datetime.fromisoformat(item["applied_at"])
        if len(found) == len(leads):
            return found
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(leads) - len(found)} of {len(leads)} events never reached the MA")
        if not page["items"]:
            time.sleep(2)
