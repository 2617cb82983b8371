"""Sends signed forms over a few kept-alive connections, with as little work of its own as can be."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from leadops.intake.signature import sign

SECRET = "benchmark-form-secret-0123"
#: Connections at once: what a few web servers keep open.
CONNECTIONS = 16

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
    """Send `rate` forms a second to `url`, each at its time whatever became of those before.

    The clock of a form starts when it is due, so waiting for a free connection counts. Raises RuntimeError
    where one is not taken.
    """
    idle: asyncio.Queue[Wire] = asyncio.Queue()
    wires = [await Wire.open(url) for _ in range(CONNECTIONS)]
    for wire in wires:
        idle.put_nowait(wire)
    accepted: list[Accepted] = []
    started = time.perf_counter()

    async def send(number: int, due: float) -> None:
        wire = await idle.get()
        email = address(number)
        await wire.post(form(email))
        accepted.append(Accepted(email, datetime.now(UTC), time.perf_counter() - due))
        idle.put_nowait(wire)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = started + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(send(number, due))
    for wire in wires:
        wire.close()
    return accepted


async def send_flat_out(url: str, *, address: Address, seconds: float) -> float:
    """Send one form after the other on each connection; return how many a second were taken."""
    wires = [await Wire.open(url) for _ in range(CONNECTIONS)]
    until = time.perf_counter() + seconds
    sent = 0

    async def send(wire: Wire) -> None:
        nonlocal sent
        while time.perf_counter() < until:
            sent += 1
            await wire.post(form(address(sent)))

    started = time.perf_counter()
    await asyncio.gather(*(send(wire) for wire in wires))
    passed = time.perf_counter() - started
    for wire in wires:
        wire.close()
    return sent / passed


class Wire:
    """One HTTP/1.1 connection that posts forms."""

    def __init__(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._path, self._reader, self._writer = path, reader, writer

    @classmethod
    async def open(cls, url: str) -> "Wire":
        """Connect to the host of `url`."""
        parts = urlsplit(url)
        return cls(parts.path, *await asyncio.open_connection(parts.hostname, parts.port))

    async def post(self, body: bytes) -> None:
        """Post `body`, signed now; raise RuntimeError unless the answer is 202."""
        timestamp = str(int(time.time()))
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: benchmark\r\nContent-Type: application/json\r\n"
            f"X-Timestamp: {timestamp}\r\nX-Signature: {sign(SECRET, timestamp, body)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length:")[2].partition(b"\r\n")[0])
        rest = await self._reader.readexactly(length)
        if not answer.startswith(b"http/1.1 202"):
            raise RuntimeError(f"a form was not taken: {rest[:300].decode()}")

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()
