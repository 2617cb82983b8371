"""Rate limits that hold over all gateways of a database: each tells the others what busy addresses used.

Beside the requests, at most once a second: no request waits for it. What an address sends to another gateway
within that second, beyond its limit, is a debt that it waits for at each of them.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg_pool import PoolTimeout

from leadops.gateway.database import Pool
from leadops.gateway.debouncer import Debouncer
from leadops.gateway.gateway_settings import RateSettings
from leadops.gateway.rate_limiter import RateLimiter
from leadops.queries import Queries

queries = Queries(__file__)
logger = logging.getLogger(__name__)

#: Seconds between two exchanges.
PAUSE = 1.0
#: Addresses of one limit that one exchange says, and those without a token that it hears of.
MAX_SAID, MAX_HEARD = 1_000, 5_000
#: What an address has all of again says nothing; it is deleted after this time at the latest.
PURGED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class SharedBucket:
    """The tokens that an address has by all gateways, at the moment of the exchange."""

    limiter: str
    bucket: bytes
    tokens: float


class SharedLimits:
    """Makes the rate limits of a gateway, and exchanges them with those of others.

    `secret` is one that all gateways have and the database does not: addresses are kept as hashes under it.
    `clock` returns the time in UTC, `ticks` counts seconds. Without the database each gateway limits alone.
    """

    def __init__(
        self, pool: Pool, *, secret: str, clock: Callable[[], datetime], ticks: Callable[[], float]
    ) -> None:
        self._pool, self._clock, self._ticks = pool, clock, ticks
        self._key = hashlib.blake2b(secret.encode(), person=b"rate limits").digest()
        self._limiters: dict[str, RateLimiter] = {}
        self._debouncer = Debouncer(self._exchange, pause=PAUSE)
        self._purged_at: datetime | None = None

    def add(self, name: str, settings: RateSettings, *, max_addresses: int) -> RateLimiter:
        """Return the limit `name` of this gateway."""
        limiter = self._limiters[name] = RateLimiter(
            rate=settings.events_per_second,
            burst=settings.burst,
            max_addresses=max_addresses,
            clock=self._ticks,
            name=name,
            key=self._key,
            note_use=self._debouncer.trigger,
        )
        return limiter

    async def close(self) -> None:
        """Tell the others the rest."""
        await self._debouncer.close()

    async def _exchange(self) -> None:
        said = {name: limiter.take_uses(MAX_SAID) for name, limiter in self._limiters.items()}
        uses = [
            (self._limiters[name], hashed, spent) for name, used in said.items() for hashed, spent in used
        ]
        now = self._clock()
        try:
            async with self._pool.connection() as connection:
                heard = await queries.all_async(
                    connection,
                    "exchange",
                    SharedBucket,
                    limiters=[limiter.name for limiter, _, _ in uses],
                    buckets=[hashed for _, hashed, _ in uses],
                    spent=[spent for _, _, spent in uses],
                    rates=[limiter.rate for limiter, _, _ in uses],
                    bursts=[limiter.burst for limiter, _, _ in uses],
                    max_rows=MAX_HEARD,
                    now=now,
                )
                if self._purged_at is None or now - self._purged_at >= PURGED_EVERY:
                    await queries.run_async(connection, "purge", now=now)
                    self._purged_at = now
        except (psycopg.Error, PoolTimeout) as error:
            logger.warning("rate limits hold in this gateway alone: %s", type(error).__name__)
            for name, used in said.items():
                self._limiters[name].take_back(used)
            return
        for row in heard:
            if row.limiter in self._limiters:
                self._limiters[row.limiter].take_over(row.bucket, row.tokens)
