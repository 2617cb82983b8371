"""PagerDuty's Events API v2: sends one event, and says what its answer means."""

import json
import time
from collections.abc import Mapping
from typing import Any, Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter

from leadops.clients.network_route import apply_route, find_why_unsent
from leadops.clients.parse_answer import parse_answer
from leadops.clients.retry_after import DEFAULT_RETRY_AFTER, read_retry_after
from leadops.errors import OutcomeUnknownError, PermanentError, TransientError
from leadops.mask import SentValues, mask_text, remember_secrets
from leadops.settings import Endpoint, endpoint_from_connection

#: PagerDuty's own host; accounts of its European region have another one, given as the connection's host.
HOST = "https://events.pagerduty.com"
ROUTE = "/v2/enqueue"
#: Seconds; the connection's extra may set another one.
TIMEOUT = 5
#: Bytes; an honest answer has some hundred.
LARGEST_ANSWER = 64 * 1024
NO_KEY = "put the routing key of an Events API v2 integration into the password of leadops_pagerduty"


class PagerUnreachableError(TransientError):
    """No connection: surely no event arrived."""


class PagerUnknownError(OutcomeUnknownError):
    """Sent, but without a whole answer: the event may have been accepted. A repeat is harmless."""


class PagerBusyError(TransientError):
    """PagerDuty asks to wait; nothing was accepted."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"PagerDuty asks to wait {retry_after:.0f} s (429)")
        self.retry_after = retry_after


class PagerRefusedError(PermanentError):
    """PagerDuty does not accept the event; the text says what to change."""


class Pager(Protocol):
    """What alerts need of PagerDuty."""

    def send(self, event: Mapping[str, Any]) -> None:
        """Send an event with its `dedup_key`; returns once it is accepted, else raises one of the above."""


class PagerDuty:
    """The Events API v2 at `endpoint`, whose token is the routing key. One call a time-out; never retries."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._session = requests.Session()
        apply_route(self._session, endpoint.extra)
        self._session.mount(endpoint.base_url, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
        remember_secrets([endpoint.token])

    def send(self, event: Mapping[str, Any]) -> None:
        """Send an event; returns on a 202 about its key."""
        if not self._endpoint.token:
            raise PagerRefusedError(f"the connection has no routing key: {NO_KEY}")
        body = json.dumps({"routing_key": self._endpoint.token, **event}, ensure_ascii=False).encode()
        timeout = self._endpoint.timeout
        try:
            with self._session.post(
                self._endpoint.base_url + ROUTE,
                data=body,
                headers={"Content-Type": "application/json"},
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _read_answer(response, until=time.monotonic() + timeout)
        except requests.ConnectTimeout as error:
            raise PagerUnreachableError("PagerDuty cannot be reached: no connection in time") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            why = find_why_unsent(error) if isinstance(error, requests.ConnectionError) else None
            if why:
                raise PagerUnreachableError(f"PagerDuty cannot be reached: {why}") from error
            raise PagerUnknownError(f"PagerDuty gave no whole answer ({type(error).__name__})") from error
        _classify(response.status_code, response.headers, content, str(event["dedup_key"]), SentValues(body))


def open_pager_of(connection: dict[str, Any]) -> PagerDuty:
    """Return PagerDuty of a connection's fields: its password is the routing key, its host may be empty."""
    fields = connection if connection.get("host") else {**connection, "host": HOST}
    extra = fields.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    return PagerDuty(endpoint_from_connection({**fields, "extra": {"timeout": TIMEOUT, **extra}}))


def _read_answer(response: requests.Response, *, until: float) -> bytes:
    """Return the body; one that is too large or drips for too long leaves the outcome unknown."""
    content = bytearray()
    while part := response.raw.read1(8_192, decode_content=True):
        content += part
        if len(content) > LARGEST_ANSWER or time.monotonic() > until:
            raise PagerUnknownError("PagerDuty's answer did not end")
    return bytes(content)


def _classify(
    status: int, headers: Mapping[str, str], content: bytes, dedup_key: str, sent: SentValues
) -> None:
    """Return where the answer accepts the event with `dedup_key`; raise what it means otherwise."""
    try:
        answer = parse_answer(content)
    except ValueError:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    if status == 202:
        if answer.get("dedup_key") != dedup_key:
            raise PagerUnknownError("PagerDuty's answer is about another event")
        return
    if status == 429:
        stated = read_retry_after(headers)
        raise PagerBusyError(DEFAULT_RETRY_AFTER if stated is None else stated)
    if status >= 500 or status < 400 or status == 408:
        raise PagerUnknownError(f"PagerDuty did not answer as it should (HTTP {status})")
    errors = answer.get("errors")
    said = (
        "; ".join(map(str, errors)) if isinstance(errors, list) else str(answer.get("message") or "refused")
    )
    advice = f": {NO_KEY}" if "routing" in said.lower() or status in (401, 403, 404) else ""
    reason = mask_text(said, longest=200, sent=sent)
    raise PagerRefusedError(f"PagerDuty refused with HTTP {status}: {reason}{advice}")
