"""Faults below HTTP: connections that hang, break off or end in the middle of an answer.

The transport is reached through uvicorn's `send`, a method of the object that owns the connection; that is
the only place where ASGI leads to the socket.
"""

import asyncio
import socket
import struct
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


def transport_of(send: Send) -> asyncio.Transport:
    """Return the transport behind uvicorn's `send`; raise RuntimeError on a server that hides it."""
    transport: asyncio.Transport | None = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("connection faults need uvicorn and no middleware between it and the sandbox")
    return transport


async def reset(receive: Receive, send: Send) -> None:
    """Break the connection off with a TCP reset, and return when it is gone."""
    transport = transport_of(send)
    linger = struct.pack("ii", 1, 0)  # on, for 0 seconds: closing sends RST instead of FIN
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
    await wait_until_gone(receive)


async def hang(receive: Receive, send: Send, *, seconds: float) -> None:
    """Say nothing until the client goes, or for `seconds` (0: ten minutes), then break off."""
    try:
        await asyncio.wait_for(wait_until_gone(receive), timeout=seconds or 600)
    except TimeoutError:
        await reset(receive, send)


async def send_half(messages: list[Message], receive: Receive, send: Send) -> None:
    """Send the head and half of the body of a finished answer, then close the connection."""
    start, *parts = messages
    body = b"".join(part.get("body", b"") for part in parts)
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    transport_of(send).close()
    await wait_until_gone(receive)


async def take_request(receive: Receive) -> None:
    """Return when the whole body of the call has come in: a client still sending might miss a reset."""
    while (await receive()).get("more_body"):
        continue


async def wait_until_gone(receive: Receive) -> None:
    """Return when the client is no longer there."""
    while (await receive())["type"] != "http.disconnect":
        continue


async def collect_answer(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    """Run `app` to its end and return what it would have sent."""
    messages: list[Message] = []

    async def keep(message: Any) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages
