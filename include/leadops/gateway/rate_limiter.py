"""Limits how much one address may send: a token bucket each, in memory, for a bounded number of addresses."""

from collections import OrderedDict
from collections.abc import Callable


class RateLimiter:
    """Token buckets: `rate` tokens a second flow into each, `burst` fit in; a token is an event.

    A call may take more than there is and leave a debt, so that a batch larger than the rest goes through
    once; an address in debt waits until it is paid. `clock` counts seconds and never runs backwards.
    """

    def __init__(self, *, rate: float, burst: float, max_addresses: int, clock: Callable[[], float]) -> None:
        self._rate, self._burst, self._max_addresses, self._clock = rate, burst, max_addresses, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, address: str) -> float:
        """Return 0 if `address` may send now, else the seconds until it may. Takes nothing."""
        tokens = self._tokens(address)
        return 0.0 if tokens >= 1 else (1 - tokens) / self._rate

    def charge(self, address: str, events: int) -> None:
        """Take `events` tokens of `address`."""
        tokens = self._tokens(address) - events
        self._buckets[address] = (tokens, self._clock())
        self._buckets.move_to_end(address)
        if len(self._buckets) > self._max_addresses:
            self._buckets.popitem(last=False)

    def __len__(self) -> int:
        return len(self._buckets)

    def _tokens(self, address: str) -> float:
        tokens, since = self._buckets.get(address, (self._burst, self._clock()))
        return min(self._burst, tokens + (self._clock() - since) * self._rate)
