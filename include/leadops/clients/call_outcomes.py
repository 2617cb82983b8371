"""How one HTTP call to another system ended, and what is known about its effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leadops.clients.lead_absence import LeadAbsence
from leadops.clients.status_codes import find_status_rule


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
