"""Sends visits to the gateway as their time comes, patiently when it does not answer."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import islice, takewhile
from typing import Any, Literal
from urllib.parse import urlsplit

import requests

from leadops_sandbox.answers import utc_now
from leadops_sandbox.traffic.forms import EVENT, sign_form, write_form
from leadops_sandbox.traffic.identities import sign_identify
from leadops_sandbox.traffic.visits import Sending, Visit

logger = logging.getLogger(__name__)

#: Most events in a call, and most events waiting for the gateway; beyond that the oldest go.
MOST_EVENTS, MOST_WAITING = 100, 5_000
#: Seconds between two looks at what is due, and for each of connecting and waiting for an answer.
TICK, TIMEOUT = 2.0, 5.0
LONGEST_PAUSE = 30.0
#: What the site's servers send: mails, webinars, and forms where there is no secret to sign them with.
SERVER_EVENTS = frozenset({"mail_open", "mail_click", "unsubscribe", "webinar_attend", EVENT})
#: The page that the browsers show.
SITE = "https://www.example.com"

#: Who sends an event: a site's server with the key, its form with a signature, or a visitor's browser.
Route = Literal["server", "form", "browser"]


class Sender:
    """Sends events as a site does; what was not taken goes again.

    Its servers send batches with the write key, its forms go signed where there is a secret, and each
    visitor's browser sends its own events, with the `origin` of the page and without a key.
    """

    def __init__(
        self,
        gateway: str,
        *,
        write_key: str,
        form_secret: str = "",
        identity_secret: str = "",
        origin: str = SITE,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.url = gateway.rstrip("/")
        self.counts: Counter[str] = Counter()
        self._session = requests.Session()
        self._write_key, self._form_secret, self._identity_secret = write_key, form_secret, identity_secret
        self._origin, self._site, self._clock = origin, urlsplit(origin).netloc, clock
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
            if _is_passing(response.status_code, self._route(batch[0])):
                return self._pause(str(response.status_code), response.headers.get("Retry-After"))
            if not response.ok:
                logger.warning("gateway refused %d events: %d", len(batch), response.status_code)
            for _ in batch:
                self._waiting.popleft()
            self.counts["sent" if response.ok else "refused"] += len(batch)
            self._failures = 0
        return TICK

    def sign(self, sending: Sending) -> dict[str, Any]:
        """Return the event of `sending`, with the site's signature where it has one."""
        if sending.signs and self._identity_secret:
            return sign_identify(sending.event, secret=self._identity_secret)
        return sending.event

    def _next_batch(self) -> list[dict[str, Any]]:
        first = self._waiting[0]
        route, browser = self._route(first), first.get("anonymous_id")
        if route == "form":
            return [first]
        return list(
            takewhile(
                lambda event: (
                    self._route(event) == route
                    and (route == "server" or event.get("anonymous_id") == browser)
                ),
                islice(self._waiting, MOST_EVENTS),
            )
        )

    def _route(self, event: dict[str, Any]) -> Route:
        if event.get("event") == EVENT and self._form_secret:
            return "form"
        return "server" if event.get("event") in SERVER_EVENTS else "browser"

    def _post(self, batch: list[dict[str, Any]]) -> requests.Response:
        route = self._route(batch[0])
        if route == "form":
            body = write_form(batch[0])
            headers = sign_form(body, secret=self._form_secret, at=self._clock())
            return self._session.post(f"{self.url}/webhook/form", data=body, headers=headers, timeout=TIMEOUT)
        agent = str(batch[0].get("context", {}).get("user_agent", ""))
        browser = {"Origin": self._origin, "User-Agent": agent}
        if route == "browser":
            batch = [self._add_site(event) for event in batch]
        return self._session.post(
            f"{self.url}/collect",
            json={"events": batch} if len(batch) > 1 else batch[0],
            headers={"X-Write-Key": self._write_key} if route == "server" else browser,
            timeout=TIMEOUT,
        )

    def _add_site(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return `event` with the host of its page, as leadops.js sends it."""
        context = event.get("context")
        return event | {"context": context | {"site": self._site}} if isinstance(context, dict) else event

    def _pause(self, reason: str, retry_after: str | None = None) -> float:
        self._failures += 1
        if self._failures == 1:
            logger.warning("gateway does not take events (%s); trying again until it does", reason)
        pause: float = min(LONGEST_PAUSE, TICK * 2**self._failures)
        return max(pause, float(retry_after)) if retry_after and retry_after.isdecimal() else pause


def _is_passing(status: int, route: Route) -> bool:
    """Whether the same call may be taken later: another key may be set; a page's origin stays foreign."""
    return status in (401, 408, 429) or status >= 500 or (status == 403 and route != "browser")


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
            ready.append(sender.sign(heappop(due)[2]))
        pause = sender.send(ready)
        time.sleep(max(0.0, (now + timedelta(seconds=pause) - clock()).total_seconds()))
