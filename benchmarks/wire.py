"""Sends POSTs over a few kept-alive connections, with as little work of its own as can be."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

#: Connections at once: what a few web servers keep open.
CONNECTIONS = 16

#: The body of call number n, and its headers beside Content-Type, each ended by a line break.
MakeCall = Callable[[int], tuple[bytes, str]]


@dataclass(frozen=True)
class Taken:
    """When the answer to a call was there (UTC), and how many seconds after the call was due."""

    at: datetime
    seconds: float


async def send_paced(url: str, make_call: MakeCall, *, rate: float, seconds: float) -> list[Taken]:
    """Send `rate` calls a second to `url`, each at its time whatever became of those before.

    Return the answers in the order of the calls. The clock of a call starts when it is due, so waiting for a
    free connection counts. Raises RuntimeError where one is not taken.
    """
    idle: asyncio.Queue[Wire] = asyncio.Queue()
    wires = [await Wire.open(url) for _ in range(CONNECTIONS)]
    for wire in wires:
        idle.put_nowait(wire)
    taken: dict[int, Taken] = {}
    started = time.perf_counter()

    async def send(number: int, due: float) -> None:
        wire = await idle.get()
        await wire.post(*make_call(number))
        taken[number] = Taken(datetime.now(UTC), time.perf_counter() - due)
        idle.put_nowait(wire)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = started + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(send(number, due))
    for wire in wires:
        wire.close()
    return [taken[number] for number in sorted(taken)]


async def send_flat_out(url: str, make_call: MakeCall, *, seconds: float) -> float:
    """Send one call after the other on each connection; return how many a second were taken."""
    wires = [await Wire.open(url) for _ in range(CONNECTIONS)]
    until = time.perf_counter() + seconds
    sent = 0

    async def send(wire: Wire) -> None:
        nonlocal sent
        while time.perf_counter() < until:
            sent += 1
            await wire.post(*make_call(sent))

    started = time.perf_counter()
    await asyncio.gather(*(send(wire) for wire in wires))
    passed = time.perf_counter() - started
    for wire in wires:
        wire.close()
    return sent / passed


class Wire:
    """One HTTP/1.1 connection that posts JSON."""

    def __init__(self, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._head = f"POST {path} HTTP/1.1\r\nHost: benchmark\r\nContent-Type: application/json\r\n"
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, url: str) -> "Wire":
        """Connect to the host of `url`."""
        parts = urlsplit(url)
        return cls(parts.path, *await asyncio.open_connection(parts.hostname, parts.port))

    async def post(self, body: bytes, headers: str) -> None:
        """Post `body` with `headers`; raise RuntimeError unless the answer is 202."""
        head = f"{self._head}{headers}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length:")[2].partition(b"\r\n")[0])
        rest = await self._reader.readexactly(length)
        if not answer.startswith(b"http/1.1 202"):
            raise RuntimeError(f"a call was not taken: {rest[:300].decode()}")

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()
