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
#: Events a second with the live lane, and leads that are sent at once to make them known.
RATE, BATCH = 50.0, 100
#: Seconds after which the live lane has seen a changed file.
SEEN_AFTER = 15.0
#: Seconds after which an event that is not there counts as lost.
LOST_AFTER = 240.0


def measure_latency(stack: Stack, *, quick: bool) -> Measured:
    """Send events of as many known leads at an even rate, and find each again in the MA."""
    seconds = 10 if quick else 60
    waits = _measure_waits(stack, [number / RATE for number in range(int(RATE * seconds))], name="live")
    return Measured(
        figures=[
            Figure("p95", percentile(waits, 0.95), "s", "under", 3),
            Figure("p99", percentile(waits, 0.99), "s", "under", 5),
            Figure("p50", percentile(waits, 0.5), "s"),
            Figure("longest", max(waits), "s"),
            Figure("events", len(waits), ""),
        ],
        remarks=[f"{RATE:g} events a second for {seconds} s, with the live lane"],
    )


def measure_latency_without_lane(stack: Stack, *, quick: bool) -> Measured:
    """Switch the live lane off, send one event for each of many known leads at random moments."""
    minutes, count = (1, 10) if quick else (6, 120)
    settings = stack.config / "live.yaml"
    settings.write_text("enabled: false\n", encoding="utf-8")
    try:
        time.sleep(SEEN_AFTER)
        waits = _measure_waits(stack, pick_moments(count, seconds=60.0 * minutes), name="minute")
    finally:
        settings.write_text("# the shipped settings\n", encoding="utf-8")
    return Measured(
        figures=[
            Figure("p95", percentile(waits, 0.95), "s", "under", 65),
            Figure("p50", percentile(waits, 0.5), "s"),
            Figure("longest", max(waits), "s"),
            Figure("shortest", min(waits), "s"),
            Figure("events", len(waits), ""),
        ],
        remarks=[f"sent over {minutes} minutes, with the live lane switched off"],
    )


def _measure_waits(stack: Stack, moments: list[float], *, name: str) -> list[float]:
    """Send an event of a known lead at each of `moments` (seconds); return how long each took to the MA."""
    emails = [f"{name}-{number}@latency.example" for number in range(len(moments))]
    sender = Sender(stack)
    for start in range(0, len(emails), BATCH):
        sender.send([_event(email, "identify") for email in emails[start : start + BATCH]])
    ids = _await_leads(stack, emails)
    started, sent_at = time.monotonic(), {}
    for moment, email in zip(moments, emails, strict=True):
        time.sleep(max(0.0, started + moment - time.monotonic()))
        sent_at[ids[email]] = datetime.now(UTC)
        sender.send([_event(email, EVENT)])
    applied_at = _await_applied(stack, set(sent_at))
    return [(applied_at[lead] - sent).total_seconds() for lead, sent in sent_at.items()]


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
