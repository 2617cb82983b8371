"""Sends signed forms."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from benchmarks import wire
from leadops.intake.signature import sign

SECRET = "benchmark-form-secret-0123"

#: The address of form number n.
Address = Callable[[int], str]


@dataclass(frozen=True)
class Accepted:
    """One form: when its 202 was there (UTC), and how many seconds after it was due."""

    email: str
    at: datetime
    seconds: float


def form(email: str) -> bytes:
    """Return the body of a form as a web site sends it."""
    fields = {"first_name": "Ann", "last_name": "Sato", "company": "Buyers", "title": "Head of Sales"}
    context = {"utm": {"campaign": "summer"}, "page": "https://www.example.com/contact"}
    return json.dumps({"email": email, "form": "contact", "properties": fields, "context": context}).encode()


async def send_paced(url: str, *, address: Address, rate: float, seconds: float) -> list[Accepted]:
    """Send `rate` forms a second to `url`, as `wire.send_paced` does."""
    emails: dict[int, str] = {}

    def make_call(number: int) -> tuple[bytes, str]:
        emails[number] = address(number)
        return _sign(form(emails[number]))

    taken = await wire.send_paced(url, make_call, rate=rate, seconds=seconds)
    return [Accepted(emails[number], answer.at, answer.seconds) for number, answer in enumerate(taken)]


async def send_flat_out(url: str, *, address: Address, seconds: float) -> float:
    """Send one form after the other on each connection; return how many a second were taken."""
    return await wire.send_flat_out(url, lambda number: _sign(form(address(number))), seconds=seconds)


def _sign(body: bytes) -> tuple[bytes, str]:
    """Return `body`, and the headers that sign it now."""
    timestamp = str(int(time.time()))
    return body, f"X-Timestamp: {timestamp}\r\nX-Signature: {sign(SECRET, timestamp, body)}\r\n"
