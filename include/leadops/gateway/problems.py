"""Refusals as RFC 9457 problem documents: what is wrong and what to change."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from leadops.errors import LeadopsError


class ProblemError(LeadopsError):
    """A refusal: its HTTP status, what to change, headers such as Retry-After, and a word for the reason.

    It is counted by `counted_as`, which may say more than the answer does.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        *,
        reason: str = "",
        counted_as: str = "",
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})
        self.reason = reason or HTTPStatus(status).name.lower()
        self.counted_as = counted_as or self.reason

    def response(self, **more: str) -> Response:
        """Return it as an application/problem+json answer; `more` are members beside those of the RFC."""
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        document |= more
        return Response(json.dumps(document), self.status, self.headers, "application/problem+json")


def make_repeatable(problem: ProblemError) -> ProblemError:
    """Return `problem` for senders that repeat a call after 429 and 5xx only: 503 in place of 408.

    What came too slowly may come in time the next time.
    """
    if problem.status != HTTPStatus.REQUEST_TIMEOUT:
        return problem
    headers = problem.headers | {"Retry-After": "1"}
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, problem.detail, headers, reason=problem.reason)


async def show_problem(_: Request, error: Exception) -> Response:
    """Answer a ProblemError that a route raised."""
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for nothing else
    return error.response()


async def show_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: an unknown path, a method that a path does not know."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    known = (
        "POST /collect, POST /v1/batch, POST /webhook/form, POST /webhook/form/TOOL, GET /leadops.js,"
        " GET /schema/event.json, GET /metrics, GET /metrics/lag, GET /metrics/secrets, GET /healthz,"
        " GET /readyz"
    )
    return ProblemError(
        error.status_code, f"{request.method} on this path is not known here; known: {known}", error.headers
    ).response()


async def show_failure(_: Request, __: Exception) -> Response:
    """Answer a fault of our own without its details, which may hold personal data."""
    return ProblemError(500, "The gateway failed. Send the same events again; each counts once.").response()
