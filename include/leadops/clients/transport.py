"""One HTTP call to another system, and what is known about its effect."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from leadops.clients.access import Access, StaticToken
from leadops.clients.call_outcomes import (
    AnswerClassifier,
    Answered,
    Outcome,
    Refused,
    TokenExpired,
    Unknown,
    Unreachable,
)
from leadops.clients.classify_response import apply_classifier, classify_response
from leadops.clients.network_route import apply_route, find_why_unsent
from leadops.errors import PermanentError, TransientError
from leadops.mask import SentValues, remember_secrets
from leadops.settings import Endpoint

CONNECT_TIMEOUT = 5.0

#: Bytes; a page of a thousand leads is a few hundred thousand.
LARGEST_ANSWER = 32 * 1024 * 1024


class Transport:
    """A kept-alive session to one endpoint; time-outs on every call, no redirects, no retries of its own.

    Not thread-safe: one per thread.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        session: requests.Session | None = None,
        access: Access | None = None,
        classify: AnswerClassifier | None = None,
        fill_body: Callable[[bytes, str], bytes] | None = None,
    ) -> None:
        """Take the token from `access` (the connection's password without one).

        `classify` says what an answer means; without it the status alone decides. `fill_body` puts the token
        into a body that has it in place of the header.
        """
        self.endpoint = endpoint
        self.access = access or StaticToken(endpoint.token)
        self.classify = classify
        self.fill_body = fill_body
        self.session = session or requests.Session()
        apply_route(self.session, endpoint.extra)
        self.session.mount(endpoint.base_url, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
        self._token = ""
        if access is None:
            self._take_token()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> Outcome:
        """Send `body` (JSON) to `path` with `key` as Idempotency-Key; never raises for HTTP faults.

        `headers` come on top. A call whose token has expired is made once more, the same in every byte but
        for the new token; where there is none, our credentials count as refused.
        """
        try:
            self._take_token()
            outcome = self._send_once(method, path, body, key, headers or {}, params)
            if isinstance(outcome, TokenExpired) and self.access.renew():
                self._take_token()
                outcome = self._send_once(method, path, body, key, headers or {}, params)
        except TransientError as error:
            return Unreachable(str(error))
        except PermanentError as error:
            return Refused(401, str(error))
        return Refused(401, outcome.reason) if isinstance(outcome, TokenExpired) else outcome

    def _take_token(self) -> None:
        """Let calls carry the token of `access`; raise what it raises: nothing was sent then."""
        token = self.access.find_token()
        if token and token != self._token:
            remember_secrets([token])
            if self.fill_body is None:
                self.session.headers["Authorization"] = f"Bearer {token}"
        self._token = token

    def _send_once(
        self,
        method: str,
        path: str,
        body: bytes | None,
        key: str | None,
        more_headers: Mapping[str, str],
        params: dict[str, Any],
    ) -> Outcome | TokenExpired:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        try:
            with self.session.request(
                method,
                self.endpoint.base_url + path,
                data=body if body is None or self.fill_body is None else self.fill_body(body, self._token),
                params=params or None,
                headers=headers | dict(more_headers),
                timeout=(min(CONNECT_TIMEOUT, self.endpoint.timeout), self.endpoint.timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _read_body(response, until=time.monotonic() + self.endpoint.timeout)
            sent = SentValues(body, *map(str, params.values())) if response.status_code >= 300 else None
            outcome = classify_response(response, content, has_key=key is not None, sent=sent)
            return (
                outcome
                if self.classify is None
                else apply_classifier(self.classify, response, content, outcome)
            )
        except requests.ConnectTimeout:
            return Unreachable("no connection in time")
        except _EndlessAnswerError as error:
            return Unknown(str(error))
        except requests.ConnectionError as error:
            if why := find_why_unsent(error):
                return Unreachable(why)
            return Unknown("the connection broke")
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return Unknown(f"no whole answer ({type(error).__name__})")

    def close(self) -> None:
        """Close the kept-alive connection."""
        self.session.close()


def expect(outcome: Outcome, what: str) -> Any:
    """Return the answer's body; raise PermanentError on a refusal, TransientError on anything else."""
    if isinstance(outcome, Answered):
        return outcome.body
    if isinstance(outcome, Refused):
        raise PermanentError(f"{what}: {outcome.reason}")
    raise TransientError(f"{what}: {outcome.reason}")


class _EndlessAnswerError(TransientError):
    """An answer that takes longer, or is larger, than any honest one."""


def _read_body(response: requests.Response, *, until: float) -> bytes:
    """Return the whole body; requests' own time-out is for each packet, so an answer could drip forever.

    `until` is a time of time.monotonic(). Raises _EndlessAnswerError past it, or past LARGEST_ANSWER bytes.
    """
    content = bytearray()
    while part := response.raw.read1(65_536, decode_content=True):
        content += part
        if len(content) > LARGEST_ANSWER:
            raise _EndlessAnswerError(f"the answer is larger than {LARGEST_ANSWER} bytes")
        if time.monotonic() > until:
            raise _EndlessAnswerError("the answer did not end in time")
    # Nothing is left to read, but only this lets http.client notice it and keep the connection alive.
    response.raw.read(1)
    return bytes(content)
