"""The body of a call: read with a limit, and split into items."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from leadops.gateway.problems import ProblemError
from leadops.normalization.lenient_json import MAX_DEPTH, JsonDepthError, read_json

#: Servers send application/json; navigator.sendBeacon sends text/plain, without a preflight.
CONTENT_TYPES = ("application/json", "text/plain")


def check_content_type(request: Request, *, allowed: Sequence[str] = CONTENT_TYPES) -> None:
    """Raise a ProblemError (415) unless the body is declared to be JSON, uncompressed; see `check_kind`."""
    check_kind(request, allowed=allowed)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(415, "Send the body uncompressed, without Content-Encoding.")


def check_kind(request: Request, *, allowed: Sequence[str]) -> None:
    """Raise a ProblemError (415) unless the body is declared to be JSON under one of the `allowed` names."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in allowed:
        raise ProblemError(415, f"Send JSON with Content-Type: {' or '.join(allowed)}.")


async def read_body(request: Request, *, max_bytes: int, seconds: float) -> bytes:
    """Return the body; raise a ProblemError if it is larger than `max_bytes` or takes longer than `seconds`.

    A declared length can only refuse it sooner: the bytes are counted as they come.
    """
    too_big = ProblemError(
        413, f"Send at most {max_bytes // 1024} KB in one call.", {"Connection": "close"}, reason="too_large"
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise too_big
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > max_bytes:
                    raise too_big
    except TimeoutError:
        raise ProblemError(
            408, f"Send the whole body within {seconds:g} seconds.", {"Connection": "close"}
        ) from None
    except ClientDisconnect:
        raise ProblemError(400, "The request body was truncated; resend it.") from None
    return bytes(body)


def parse_items(body: bytes, *, max_events: int) -> list[Any]:
    """Return the items of `body`: one event, a list of them, or {"events": [...]}.

    Raises ProblemError: 400 if it is none of these, not JSON in UTF-8 or nested more than 200 levels deep,
    413 if there are more than `max_events`.
    """
    parsed = parse_json(body)
    if isinstance(parsed, dict) and parsed.keys() == {"events"}:
        parsed = parsed["events"]
    items = [parsed] if isinstance(parsed, dict) else parsed
    if not isinstance(items, list):
        raise ProblemError(400, 'Send an event (an object), a list of events, or {"events": [...]}.')
    if len(items) > max_events:
        raise ProblemError(413, f"Send at most {max_events} events in one call; split the batch.")
    return items


def parse_json(body: bytes) -> Any:
    """Return `body` parsed; raise ProblemError (400) if it is not JSON in UTF-8, or nested too deep."""
    try:
        return read_json(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ProblemError(400, "The body is not UTF-8; send JSON in UTF-8.") from None
    except JsonDepthError:
        raise ProblemError(
            400,
            f"The body is nested more than {MAX_DEPTH} levels deep; send flat properties.",
            reason="too_deep",
        ) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ProblemError(
            400, f"The body is not JSON ({error.msg}, {place}); nothing was accepted."
        ) from None
