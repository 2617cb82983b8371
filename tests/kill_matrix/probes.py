"""People of whom each does one thing, so that MA and CRM show whether it was lost or counted twice."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from leadops_sandbox.traffic.forms import sign_form, write_form
from tests.plain_http import NO_TLS
from tests.running_stack import Stack

#: Seconds between two people, and for one call.
EVERY, TIMEOUT = 3.0, 10.0
#: What the one event of a person is worth, by the rule view_pricing of the shipped scoring.yaml.
POINTS = 15
#: The rows of a page of the sandbox.
PAGE = 1_000


@dataclass(frozen=True)
class Probe:
    """Somebody who viewed the prices or sent a form, and when that was answered with 202 (monotonic)."""

    email: str
    is_form: bool
    accepted_at: float


class Probes(threading.Thread):
    """Sends somebody's event or form every few seconds, again and again until it is accepted."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self._stack, self._asked, self._ended = stack, stack, threading.Event()
        self.accepted: list[Probe] = []

    def run(self) -> None:
        """Send until `end` is called."""
        number = 0
        while not self._ended.is_set():
            number += 1
            is_form = number % 3 == 0
            email = f"ann@probe{number}.example"
            while not self._send(f"probe-{number}", email, is_form=is_form):
                if self._ended.wait(1):
                    return
            self.accepted.append(Probe(email, is_form, time.monotonic()))
            self._ended.wait(EVERY)

    def follow(self, stack: Stack) -> None:
        """Ask MA and CRM with the tokens of `stack` from now on; people keep the secrets that they have."""
        self._asked = stack

    def end(self) -> None:
        """Send nothing more."""
        self._ended.set()
        self.join(timeout=3 * TIMEOUT)

    def arrived(self, *, since: float) -> bool:
        """Return whether an event and a form of those accepted after `since` had their effect."""
        later = [probe for probe in list(self.accepted) if probe.accepted_at > since]
        points, owned = read_ma(self._asked), read_crm(self._asked)
        return any(not probe.is_form and points.get(probe.email) for probe in later) and any(
            probe.is_form and owned[probe.email] for probe in later
        )

    def find_wrong(self) -> list[str]:
        """Return each accepted act without its effect, or with it twice; empty: all are right."""
        return list_wrong(self.accepted, points=read_ma(self._asked), leads=read_crm(self._asked))

    def _send(self, number: str, email: str, *, is_form: bool) -> bool:
        now = datetime.now(UTC)
        event = {
            "event_id": number,
            "event": "submit_form" if is_form else "view_pricing",
            "ts": now.isoformat(),
            "email": email,
            "context": {"page": "https://www.example.com/pricing"},
        }
        gateway = self._stack.gateway_url
        try:
            if is_form:
                body = write_form(event | {"properties": {"form": "contact", "company": number}})
                headers = sign_form(body, secret=self._stack.values["LEADOPS_FORM_SECRETS"], at=now)
                answer = httpx.post(
                    f"{gateway}/webhook/form", content=body, headers=headers, timeout=TIMEOUT, verify=NO_TLS
                )
            else:
                headers = {"X-Write-Key": self._stack.values["LEADOPS_WRITE_KEY"]}
                answer = httpx.post(
                    f"{gateway}/collect", json=event, headers=headers, timeout=TIMEOUT, verify=NO_TLS
                )
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.ACCEPTED


def list_wrong(accepted: Iterable[Probe], *, points: Mapping[str, int], leads: Counter[str]) -> list[str]:
    """Return each act without its effect, or with it twice, by the points and leads in the MA and the CRM."""
    accepted = list(accepted)
    events = [probe.email for probe in accepted if not probe.is_form]
    forms = [probe.email for probe in accepted if probe.is_form]
    return [
        *(f"{one}: {points.get(one)} points, not {POINTS}" for one in events if points.get(one) != POINTS),
        *(f"{one}: {leads[one]} leads in the CRM" for one in forms if leads[one] != 1),
    ]


def read_ma(stack: Stack) -> dict[str, int]:
    """Return the score of each address in the MA."""
    items = read_pages(stack, "/api/leads", stack.values["LEADOPS_MA_TOKEN"])
    return {str(item["email"]): int(str(item["score"])) for item in items}


def read_crm(stack: Stack) -> Counter[str]:
    """Return how many leads each address has in the CRM."""
    items = read_pages(stack, "/v1/leads", stack.values["LEADOPS_CRM_TOKEN"])
    return Counter(str(item["email"]) for item in items)


def read_pages(stack: Stack, path: str, token: str) -> list[dict[str, object]]:
    """Return all rows; none while the sandbox does not answer."""
    items: list[dict[str, object]] = []
    cursor: str | None = "0"
    try:
        while cursor is not None:
            page = httpx.get(
                f"{stack.sandbox_url}{path}",
                params={"after": cursor, "limit": PAGE},
                headers={"Authorization": f"Bearer {token}"},
                timeout=TIMEOUT,
                verify=NO_TLS,
            ).json()
            items += page["items"]
            cursor = page["cursor"]
    except (httpx.HTTPError, KeyError, ValueError):
        return []
    return items
