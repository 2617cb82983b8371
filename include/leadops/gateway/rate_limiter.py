"""Limits how much one address may send: a token bucket each, in memory, for a bounded number of addresses."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

#: The part of its burst that an address has to lack before others hear of it. Until then no limit is near,
#: however it spreads its calls over some gateways.
SHARED_FROM = 1 / 8


class Bucket(NamedTuple):
    """What an address may send, as of a tick of the clock; of `unshared` used tokens no other has heard."""

    tokens: float
    since: float
    unshared: float = 0.0


class RateLimiter:
    """Token buckets: `rate` tokens a second flow into each, `burst` fit in; a token is an event.

    A call may take more than there is and leave a debt, so that a batch larger than the rest goes through
    once; an address in debt waits until it is paid. `clock` counts seconds and never runs backwards.

    Other limiters may count the same addresses: `take_uses` says what they have to hear, `take_over` keeps
    what they say. Addresses are known by their hash under `key` and `name`. `admit` calls `note_use`.
    """

    def __init__(
        self,
        *,
        rate: float,
        burst: float,
        max_addresses: int,
        clock: Callable[[], float],
        name: str = "",
        key: bytes = b"",
        note_use: Callable[[], None] = lambda: None,
    ) -> None:
        self.name, self.rate, self.burst = name, rate, burst
        self._max_addresses, self._clock, self._key, self._note_use = max_addresses, clock, key, note_use
        self._buckets: OrderedDict[bytes, Bucket] = OrderedDict()
        self._to_share: dict[bytes, None] = {}

    def admit(self, address: str) -> float:
        """Return 0 if `address` may send now, else the seconds until it may. Takes nothing."""
        self._note_use()
        tokens = self._find(self._hash(address)).tokens
        return 0.0 if tokens >= 1 else (1 - tokens) / self.rate

    def charge(self, address: str, events: int) -> None:
        """Take `events` tokens of `address`."""
        self._take(self._hash(address), events)

    def take_uses(self, limit: int) -> list[tuple[bytes, float]]:
        """Return, by hash, the tokens that others have not heard of, of at most `limit` busy addresses."""
        uses = []
        for hashed in list(self._to_share)[:limit]:
            del self._to_share[hashed]
            bucket = self._find(hashed)
            if bucket.unshared:
                uses.append((hashed, bucket.unshared))
                self._keep(hashed, bucket._replace(unshared=0.0))
        return uses

    def take_back(self, uses: list[tuple[bytes, float]]) -> None:
        """Count `uses` as unheard of: they did not get to the others."""
        for hashed, spent in uses:
            bucket = self._find(hashed)
            self._keep(hashed, bucket._replace(unshared=bucket.unshared + spent))
            self._to_share[hashed] = None

    def take_over(self, hashed: bytes, tokens: float) -> None:
        """Let the address have `tokens` now, by all who count it, less those of which they have not heard."""
        unshared = self._find(hashed).unshared
        self._keep(hashed, Bucket(min(self.burst, tokens) - unshared, self._clock(), unshared))

    def __len__(self) -> int:
        return len(self._buckets)

    def _hash(self, address: str) -> bytes:
        text = f"{self.name} {address}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=16).digest()

    def _take(self, hashed: bytes, events: float) -> None:
        tokens, since, unshared = self._find(hashed)
        self._keep(hashed, Bucket(tokens - events, since, unshared + events))
        if self.burst - tokens + events >= self.burst * SHARED_FROM:
            self._to_share[hashed] = None

    def _find(self, hashed: bytes) -> Bucket:
        now = self._clock()
        tokens, since, unshared = self._buckets.get(hashed, Bucket(self.burst, now))
        tokens = min(self.burst, tokens + (now - since) * self.rate)
        return Bucket(tokens, now, min(unshared, self.burst - tokens))

    def _keep(self, hashed: bytes, bucket: Bucket) -> None:
        self._buckets[hashed] = bucket
        self._buckets.move_to_end(hashed)
        if len(self._buckets) > self._max_addresses:
            forgotten, _ = self._buckets.popitem(last=False)
            self._to_share.pop(forgotten, None)
