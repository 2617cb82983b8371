"""Sends visits to the gateway as their time comes, patiently when it does not answer."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import islice, takewhile
from typing import Any

import requests

from leadops_sandbox.answers import utc_now
from leadops_sandbox.traffic.forms import EVENT, sign_form, write_form
from leadops_sandbox.traffic.visits import Sending, Visit

logger = logging.getLogger(__name__)

#: Most events in a call, and most events waiting for the gateway; beyond that the oldest go.
MOST_EVENTS, MOST_WAITING = 100, 5_000
#: Seconds between two looks at what is due, and for each of connecting and waiting for an answer.
TICK, TIMEOUT = 2.0, 5.0
LONGEST_PAUSE = 30.0


class Sender:
    """Sends events in batches, and forms signed where there is a secret; what was not taken goes again."""

    def __init__(self, gateway: str, *, write_key: str, form_secret: str = "") -> None:
        self.url = gateway.rstrip("/")
        self.counts: Counter[str] = Counter()
        self._session = requests.Session()
        self._write_key, self._form_secret = write_key, form_secret
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST_WAITING)
        self._failures = 0

    def send(self, events: list[dict[str, Any]]) -> float:
        """Send `events` and what still waits; return how many seconds to pause before the next call."""
        self._waiting.extend(events)
        while self._waiting:
            batch = self._next_batch()
            try:
                response = self._post(batch)
            except requests.RequestException as error:
                return self._pause(type(error).__name__)
            if response.status_code in (401, 403, 408, 429) or response.status_code >= 500:
                return self._pause(str(response.status_code), response.headers.get("Retry-After"))
            if not response.ok:
                logger.warning("gateway refused %d events: %d", len(batch), response.status_code)
            for _ in batch:
                self._waiting.popleft()
            self.counts["sent" if response.ok else "refused"] += len(batch)
            self._failures = 0
        return TICK

    def _next_batch(self) -> list[dict[str, Any]]:
        if self._is_form(self._waiting[0]):
            return [self._waiting[0]]
        return list(takewhile(lambda event: not self._is_form(event), islice(self._waiting, MOST_EVENTS)))

    def _is_form(self, event: dict[str, Any]) -> bool:
        return bool(self._form_secret) and event.get("event") == EVENT

    def _post(self, batch: list[dict[str, Any]]) -> requests.Response:
        if self._is_form(batch[0]):
            body = write_form(batch[0])
            headers = sign_form(body, secret=self._form_secret, at=utc_now())
            return self._session.post(f"{self.url}/webhook/form", data=body, headers=headers, timeout=TIMEOUT)
        return self._session.post(
            f"{self.url}/collect",
            json={"events": batch} if len(batch) > 1 else batch[0],
            headers={"X-Write-Key": self._write_key},
            timeout=TIMEOUT,
        )

    def _pause(self, reason: str, retry_after: str | None = None) -> float:
        self._failures += 1
        if self._failures == 1:
            logger.warning("gateway does not take events (%s); trying again until it does", reason)
        pause: float = min(LONGEST_PAUSE, TICK * 2**self._failures)
        return max(pause, float(retry_after)) if retry_after and retry_after.isdecimal() else pause


def send_visits(stream: Iterator[Visit], sender: Sender, *, clock: Callable[[], datetime]) -> None:
    """Send the events of `stream`, each when it is due by `clock`, until the process is stopped."""
    due: list[tuple[datetime, int, Sending]] = []
    upcoming = next(stream)
    number = 0
    while True:
        now = clock()
        while upcoming.at <= now:
            for sending in upcoming.sendings:
                heappush(due, (sending.send_at, number := number + 1, sending))
            upcoming = next(stream)
        ready = []
        while due and due[0][0] <= now:
            ready.append(heappop(due)[2].event)
        pause = sender.send(ready)
        time.sleep(max(0.0, (now + timedelta(seconds=pause) - clock()).total_seconds()))
