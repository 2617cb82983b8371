"""One HTTP call to another system, judged: what do we know about its effect?"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests
from requests.adapters import HTTPAdapter

from leadops.errors import PermanentError, TransientError
from leadops.settings import Endpoint


@dataclass(frozen=True)
class Answered:
    """2xx with a JSON body (None where there is no body): the effect took place."""

    status: int
    body: Any


@dataclass(frozen=True)
class Refused:
    """4xx: no effect, and the same call will be refused again."""

    status: int
    reason: str

    @property
    def concerns_caller(self) -> bool:
        """Whether it is we who are refused (401, 403), not what we sent."""
        return self.status in (401, 403)


@dataclass(frozen=True)
class Throttled:
    """429: no effect; `retry_after` seconds from now the other side listens again."""

    retry_after: float
    reason: str = "asked to wait (429)"


@dataclass(frozen=True)
class Unreachable:
    """No connection: surely no effect."""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """Sent, but the answer is missing, broken or 5xx: the effect may have taken place or not."""

    reason: str


Outcome = Answered | Refused | Throttled | Unreachable | Unknown

#: Seconds to wait after a 429 that does not say how long.
DEFAULT_RETRY_AFTER = 30.0
CONNECT_TIMEOUT = 5.0


class Transport:
    """A kept-alive session to one endpoint; time-outs on every call, no redirects, no retries of its own.

    Not thread-safe: one per thread.
    """

    def __init__(self, endpoint: Endpoint, *, session: requests.Session | None = None) -> None:
        self.endpoint = endpoint
        self.session = session or requests.Session()
        self.session.trust_env = False  # no proxy or netrc lookups at every call
        self.session.mount(endpoint.base_url, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
        if endpoint.token:
            self.session.headers["Authorization"] = f"Bearer {endpoint.token}"

    def send(
        self, method: str, path: str, *, body: bytes | None = None, key: str | None = None, **params: Any
    ) -> Outcome:
        """Send `body` (JSON) to `path` with `key` as Idempotency-Key; never raises for HTTP faults."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            headers["Idempotency-Key"] = key
        try:
            response = self.session.request(
                method,
                self.endpoint.base_url + path,
                data=body,
                params=params or None,
                headers=headers,
                timeout=(min(CONNECT_TIMEOUT, self.endpoint.timeout), self.endpoint.timeout),
                allow_redirects=False,
            )
            return judge(response)
        except requests.ConnectTimeout:
            return Unreachable("no connection in time")
        except requests.ConnectionError as error:
            if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
                return Unreachable("no connection")
            return Unknown("the connection broke")
        except requests.RequestException as error:
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


def judge(response: requests.Response) -> Outcome:
    """Turn a complete HTTP response into what it says about the effect."""
    status = response.status_code
    if 200 <= status < 300:
        if not response.content:
            return Answered(status, None)
        try:
            return Answered(status, orjson.loads(response.content))
        except ValueError:
            return Unknown(f"HTTP {status} without valid JSON")
    if status == 429:
        return Throttled(_seconds(response.headers))
    if 400 <= status < 500 and status != 408:
        return Refused(status, f"HTTP {status}: {_detail(response)}")
    return Unknown(f"HTTP {status}")


def _seconds(headers: Mapping[str, str]) -> float:
    """Read Retry-After (RFC 9110 10.2.3: seconds, or a date, compared with the answer's own Date)."""
    retry_after = headers.get("Retry-After", "")
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        wait = parsedate_to_datetime(retry_after) - parsedate_to_datetime(headers["Date"])
    except (ValueError, KeyError, TypeError):
        return DEFAULT_RETRY_AFTER
    return max(0.0, wait.total_seconds())


def _detail(response: requests.Response) -> str:
    """Return what a problem document says, or else nothing of the body: it may hold personal data."""
    try:
        problem = response.json()
    except ValueError:
        return response.reason or "refused"
    if isinstance(problem, dict):
        return str(problem.get("detail") or problem.get("title") or problem.get("error") or "refused")[:200]
    return "refused"
