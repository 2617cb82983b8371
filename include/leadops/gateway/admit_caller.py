"""Admits who sends events, within the limit of its address."""

import math
from dataclasses import dataclass

from fastapi import Request

from leadops.gateway.addresses import CallerAddress, find_caller
from leadops.gateway.gateway_state import Gateway
from leadops.gateway.problems import ProblemError
from leadops.gateway.rate_limiter import RateLimiter


@dataclass(frozen=True)
class AdmittedCaller:
    """Where a call comes from, and the limit that counts its events."""

    address: CallerAddress
    limiter: RateLimiter

    def charge(self, events: int) -> None:
        """Count these events, beside the one that was counted when it called."""
        self.limiter.charge(self.address.counted_as, events - 1)


def admit_caller(request: Request, gateway: Gateway, *, is_server: bool, reason: str = "") -> AdmittedCaller:
    """Return who calls, and count one event; raise a ProblemError (429) if it may not send now.

    `is_server`: it has the write key, and so the limit of servers. Refusals are counted by `reason`.
    """
    peer = request.client.host if request.client else "unknown"
    forwarded_for = request.headers.getlist("x-forwarded-for")
    address = find_caller(peer, forwarded_for, gateway.settings.trusted_proxies)
    limiter = gateway.senders if is_server else gateway.browsers
    if wait := limiter.admit(address.counted_as):
        seconds = math.ceil(wait)
        raise ProblemError(
            429,
            f"Too many events from this address; wait {seconds} s and send the same again.",
            {"Retry-After": str(seconds)},
            reason=reason,
        )
    limiter.charge(address.counted_as, 1)
    return AdmittedCaller(address, limiter)
