"""Stands before every route of the pages, files too: refuses the anonymous, adds the headers of security."""

import logging
from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leadops.dashboard.reader import READER_KEY, Identify
from leadops.dashboard.viewer_mask import sees_people_now
from leadops.gateway.problems import ProblemError

log = logging.getLogger(__name__)

#: Scripts, styles and data come from here alone, nothing runs from within a page, and only Airflow frames it.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: Parameters in which somebody may type a name or an address; no access log of the server gets their values.
PRIVATE_PARAMETERS = ("q",)
#: Personal data stay in no cache; files say otherwise themselves.
NOT_KEPT = ("Cache-Control", "no-store")


class Gatekeeper:
    """An ASGI middleware: lets through who is logged in, and says of a request who sent it."""

    def __init__(self, app: ASGIApp, identify: Identify, find_login: Callable[[str], str]) -> None:
        """Take the app behind it, who says who is logged in, and where to log in."""
        self._app, self._identify, self._find_login = app, identify, find_login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message)
            await send(message)

        try:
            refusal = await self._check(scope, Request(scope, receive))
            await (refusal or self._app)(scope, receive, send_with_headers)
        except Exception as error:
            _report(error)
            if not started:
                problem = ProblemError(500, "The page failed. Reload it; the api-server's log says more.")
                await problem.response()(scope, receive, send_with_headers)

        finally:
            _hide_private(scope)

    async def _check(self, scope: Scope, request: Request) -> Response | None:
        """Return the answer to who may not look, or None."""
        try:
            reader = await self._identify(request)
        except ProblemError as problem:
            return problem.response()
        if reader is None:
            return self._refuse(request)
        scope["state"] = {**scope.get("state", {}), READER_KEY: reader}
        sees_people_now.set(reader.sees_people)
        return None

    def _refuse(self, request: Request) -> Response:
        """Send a browser to the login page and from there back; say 401 to all others."""
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(self._find_login(_find_way_back(request)), status_code=303)
        challenge = {"WWW-Authenticate": "Bearer"}
        return ProblemError(
            401, "Log in to Airflow, or send a token of Airflow as `Authorization: Bearer …`.", challenge
        ).response()


def _add_headers(message: Message) -> None:
    headers: list[tuple[bytes, bytes]] = list(message.get("headers", []))
    known = {name.lower() for name, _ in headers}
    for name, value in (*HEADERS.items(), NOT_KEPT):
        if name.lower().encode() not in known:
            headers.append((name.encode(), value.encode()))
    message["headers"] = headers


def _find_way_back(request: Request) -> str:
    """Return the address of a request, without what somebody searched for: the login's address is logged."""
    path, query = quote(request.scope["path"]), request.url.query
    pairs = _split_query(query)
    if any(name in PRIVATE_PARAMETERS for name, _ in pairs):
        query = urlencode([(name, value) for name, value in pairs if name not in PRIVATE_PARAMETERS])
    return f"{path}?{query}" if query else path


def _hide_private(scope: Scope) -> None:
    """Leave what somebody searched for out of the request, which the server logs once it is over."""
    pairs = _split_query(scope.get("query_string", b"").decode("latin-1"))
    if any(name in PRIVATE_PARAMETERS for name, _ in pairs):
        shown = [(name, "***" if name in PRIVATE_PARAMETERS else value) for name, value in pairs]
        scope["query_string"] = urlencode(shown).encode()


def _split_query(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _report(error: Exception) -> None:
    """Log where an error arose; its text may hold personal data."""
    frames: Any = extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    ours = [frame for frame in frames if "leadops" in frame.filename]
    if ours:
        place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}, {place}"
    log.error("a page failed: %s at %s", type(error).__name__, place)
