"""The HTTP answers that all stand-ins give, and how they read a body."""

from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

#: One call may carry this many bytes.
MAX_BODY = 8_000_000


class RefusedError(Exception):
    """A call that gets an error answer: `status`, one line that says what to change, and further members."""

    def __init__(self, status: int, reason: str, **members: Any) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.members = members


def answer(body: Any, *, status: int = 200) -> Response:
    """Return `body` as a JSON answer; bytes are taken as ready-made JSON."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Response(content, status_code=status, media_type="application/json")


def refuse(
    status: int, reason: str, *, headers: dict[str, str] | None = None, members: dict[str, Any] | None = None
) -> Response:
    """Return an RFC 9457 problem document, with further `members` where it has some."""
    problem = {"type": "about:blank", "status": status, "title": reason, "detail": reason}
    return Response(
        orjson.dumps(problem | (members or {})),
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


async def read_body(request: Request) -> bytes:
    """Return the whole body; raise RefusedError 413 when it is too large."""
    body = await request.body()
    if len(body) > MAX_BODY:
        raise RefusedError(413, f"the body has {len(body)} bytes; at most {MAX_BODY}")
    return body


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; raise RefusedError 422 when it is none."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(422, f"the body is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise RefusedError(422, "the body must be a JSON object")
    return parsed


def need_text(body: dict[str, Any], name: str) -> str:
    """Return the text `name` of `body`; raise RefusedError 422 when it is missing or empty."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RefusedError(422, f"{name} must be a text that is not empty")
    return value


def need_flag(body: dict[str, Any], name: str) -> bool:
    """Return true or false as `body` has it in `name`; raise RefusedError 422 when it is anything else."""
    value = body.get(name)
    if not isinstance(value, bool):
        raise RefusedError(422, f"{name} must be true or false")
    return value


def page_limit(request: Request, *, default: int, most: int) -> int:
    """Return the query's `limit` within 1..`most`; raise RefusedError 422 when it is not a number."""
    text = request.query_params.get("limit", str(default))
    if not text.isdecimal() or not text.isascii():
        raise RefusedError(422, "limit must be a whole number")
    return max(1, min(int(text[:9]), most))


def utc_now() -> datetime:
    """Return the time; the only place of the sandbox that reads the clock."""
    return datetime.now(UTC)
