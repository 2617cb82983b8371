"""One HTTP call to another system, and what is known about its effect."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from leadops.clients.access import Access, StaticToken
from leadops.clients.lead_absence import LeadAbsence, read_problem
from leadops.clients.network_route import apply_route, find_why_unsent
from leadops.clients.parse_answer import parse_answer
from leadops.clients.retry_after import DEFAULT_RETRY_AFTER, read_retry_after
from leadops.clients.status_codes import Action, find_status_rule
from leadops.errors import PermanentError, TransientError
from leadops.mask import SentValues, mask_text, remember_secrets
from leadops.normalization.clean_text import clean_text
from leadops.settings import Endpoint


@dataclass(frozen=True)
class Answered:
    """2xx with a JSON body (None if there is no body): the effect took place."""

    status: int
    body: Any


@dataclass(frozen=True)
class Refused:
    """No effect: the same call will be refused again, at least until somebody changes a setting.

    `absence` says that the lead of the call is gone, and where it went. `is_setup`: every such call is
    refused until somebody changes what the reason names, such as a field that is missing.
    """

    status: int
    reason: str
    absence: LeadAbsence | None = None
    is_setup: bool = False

    @property
    def concerns_caller(self) -> bool:
        """Whether every call is refused, not what this one holds: credentials, account, network, setup."""
        return self.is_setup or find_status_rule(self.status).concerns_us

    @property
    def is_splittable(self) -> bool:
        """Whether a smaller call may be accepted (400, 413, 422)."""
        return find_status_rule(self.status).is_splittable


@dataclass(frozen=True)
class Throttled:
    """429: no effect; `retry_after` seconds from now the other side listens again."""

    retry_after: float
    reason: str = "asked to wait (429)"


@dataclass(frozen=True)
class Postponed:
    """No effect, and only this call has to wait (421, 425): for `retry_after` seconds, if it says so."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True)
class Unreachable:
    """No connection: certainly no effect."""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """Sent, but the answer is missing, broken or 5xx: the effect may have taken place or not.

    `status` is None without an answer; `retry_after` is how many seconds the answer asks to wait, if it does.
    """

    reason: str
    status: int | None = None
    retry_after: float | None = None

    @property
    def is_in_conflict(self) -> bool:
        """Whether the first call with the key is still in progress (409), or what it asks for conflicts."""
        return self.status == 409

    @property
    def pauses_target(self) -> bool:
        """Whether the whole target asks for a pause (503 with Retry-After)."""
        return self.status == 503 and self.retry_after is not None


@dataclass(frozen=True)
class TokenExpired:
    """No effect: the token that the call carried is no longer valid. An `AnswerClassifier` says so."""

    reason: str


#: What a call ends in that has no 2xx answer.
Failure = Refused | Throttled | Postponed | Unreachable | Unknown

Outcome = Answered | Failure


@dataclass(frozen=True)
class HttpAnswer:
    """A whole HTTP response: its status, its fields, and its JSON (None where it has none)."""

    status: int
    headers: Mapping[str, str]
    body: Any


#: Says what an answer means for the call as a whole, where a product knows more than the status says.
AnswerClassifier = Callable[[HttpAnswer, Outcome], Outcome | TokenExpired]

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
            return outcome if self.classify is None else _classify(self.classify, response, content, outcome)
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


def classify_response(
    response: requests.Response, content: bytes, *, has_key: bool = True, sent: SentValues | None = None
) -> Outcome:
    """Return what a complete HTTP response with its body says about the effect: see `status_codes`.

    Without a key no earlier call can be in progress, so a 409 is a refusal. What was `sent` is hidden in the
    reasons.
    """
    status = response.status_code
    action = find_status_rule(status).action
    retry_after = read_retry_after(response.headers)
    reason = f"HTTP {status}"
    if action is Action.DONE:
        if not content:
            return Answered(status, None)
        try:
            return Answered(status, parse_answer(content))
        except ValueError:
            return Unknown(f"{reason} without valid JSON", status)
    if status == 429:
        return Throttled(DEFAULT_RETRY_AFTER if retry_after is None else retry_after)
    problem = _read_problem(content)
    detail = _detail(response.reason, problem, sent)
    if status == 409 and has_key:
        return Unknown(f"{reason}: {detail}", status, retry_after)
    # RFC 9110 15.5.14: with Retry-After, the size is a problem of the moment.
    if action is Action.AGAIN or status == 425 or (status == 413 and retry_after is not None):
        return Postponed(reason, retry_after)
    if action is Action.READ_BACK:
        return Unknown(reason, status, retry_after)
    return Refused(status, f"{reason}: {detail}", read_problem(status, problem))


def _classify(
    classify: AnswerClassifier, response: requests.Response, content: bytes, outcome: Outcome
) -> Outcome | TokenExpired:
    """Return what `classify` makes of a whole response, of which the status says `outcome`."""
    body = outcome.body if isinstance(outcome, Answered) else _read_problem(content)
    return classify(
        HttpAnswer(response.status_code, response.headers, None if body is _NO_JSON else body), outcome
    )


_NO_JSON = object()


def _read_problem(content: bytes) -> Any:
    """Return the JSON of an error's body; _NO_JSON if it is none."""
    try:
        return parse_answer(content)
    except ValueError:
        return _NO_JSON


def _detail(reason: str, problem: Any, sent: SentValues | None) -> str:
    """Return what a problem document says, without secrets and people; nothing of any other body."""
    if problem is _NO_JSON:
        return mask_text(clean_text(reason or "refused"), longest=200, sent=sent)
    if isinstance(problem, dict):
        text = problem.get("detail") or problem.get("title") or problem.get("error") or "refused"
        return mask_text(text, longest=200, sent=sent)
    return "refused"
