"""Rate limits hold over all gateways of a database, and cost no request a word with it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from leadops.gateway.database import Pool, make_pool
from leadops.gateway.gateway_settings import RateSettings
from leadops.gateway.rate_limiter import RateLimiter
from leadops.gateway.shared_limits import SharedLimits
from leadops.migrations.rights import Part
from tests.roles import as_role
from tests.shipped import SHIPPED, change

START = datetime(2026, 7, 1, 12, tzinfo=UTC)
SECRET = "test-write-key-0123"


class Time:
    """One clock of all gateways; `ahead` is how many seconds it is wrong at one of them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def ticks(self) -> float:
        return self.seconds

    def clock(self, ahead: float = 0.0) -> datetime:
        return START + timedelta(seconds=self.seconds + ahead)


class Gateway:
    """A gateway with one limit: `rate` a second, `burst` at once."""

    def __init__(
        self, pool: Pool, time: Time, *, rate: float, burst: float, secret: str = SECRET, ahead: float = 0.0
    ) -> None:
        self.limits = SharedLimits(pool, secret=secret, clock=lambda: time.clock(ahead), ticks=time.ticks)
        settings = RateSettings(events_per_second=rate, burst=burst)
        self.limiter: RateLimiter = self.limits.add("browsers", settings, max_addresses=1000)

    def send(self, address: str, events: int = 1) -> float:
        """Send if that is allowed now; return the seconds to wait."""
        wait = self.limiter.admit(address)
        if not wait:
            self.limiter.charge(address, events)
        return wait

    async def exchange(self) -> None:
        self.limiter.admit("somebody who is quiet")
        await self.limits.close()


def run(url: str, work: Callable[[Pool], Awaitable[None]], **changes: float) -> None:
    async def with_pool() -> None:
        async with make_pool(as_role(url, Part.GATEWAY), change(SHIPPED.gateway, **changes)) as pool:
            await work(pool)

    asyncio.run(with_pool())


def rows(url: str) -> list[tuple[str, bytes, float]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select limiter, bucket, tokens from gateway.rate_buckets").fetchall()


def test_over_the_limit_at_one_is_over_it_at_the_others_and_what_was_too_much_is_a_debt(
    database_url: str,
) -> None:
    async def work(pool: Pool) -> None:
        time = Time()
        a, b, c = (Gateway(pool, time, rate=2, burst=8) for _ in range(3))
        for _ in range(8):
            assert a.send("ann") == 0
        await a.exchange()
        await c.exchange()
        assert (a.send("ann"), c.send("ann")) == (pytest.approx(0.5), pytest.approx(0.5))
        for _ in range(8):
            assert b.send("ann") == 0, "it has not heard of it yet"
        for gateway in (b, a, c):
            await gateway.exchange()
        # 8 are allowed, 16 were sent: 8 too much and the next one, at 2 a second.
        assert [gateway.send("ann") for gateway in (a, b, c)] == [pytest.approx(4.5)] * 3
        time.seconds = 4.4
        assert all(gateway.send("ann") > 0 for gateway in (a, b, c))
        time.seconds = 4.5
        assert b.send("ann") == 0
        await b.exchange()
        for gateway in (a, c):
            await gateway.exchange()
            assert gateway.send("ann") == pytest.approx(0.5)

    run(database_url, work)


def test_who_sends_little_is_nobodys_business(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        a = Gateway(pool, Time(), rate=2, burst=80)
        for number in range(20):
            a.send(f"visitor-{number}", events=9)  # of 80: less than an eighth is gone
        await a.exchange()
        assert rows(database_url) == []
        a.send("visitor-1", events=1)
        await a.exchange()
        ((limiter, bucket, tokens),) = rows(database_url)
        assert (limiter, len(bucket), tokens) == ("browsers", 16, 70)
        other = Gateway(pool, Time(), rate=2, burst=80, secret="another-write-key-0123")
        other.send("visitor-1", events=10)
        await other.exchange()
        assert len({bucket for _, bucket, _ in rows(database_url)}) == 2, (
            "a hash says nothing without the key"
        )

    run(database_url, work)


@pytest.mark.parametrize("gateways", [1, 2, 5])
@pytest.mark.parametrize("ahead", [0.0, -30.0])
def test_whoever_sends_without_end_gets_the_rate_however_many_there_are(
    database_url: str, gateways: int, ahead: float
) -> None:
    async def work(pool: Pool) -> None:
        time, sent = Time(), 0
        all_of_them = [
            Gateway(pool, time, rate=2, burst=40, ahead=ahead if number == 1 else 0.0)
            for number in range(gateways)
        ]
        for step in range(600):  # a minute, ten calls a second at each
            time.seconds = step / 10
            sent += sum(gateway.send("flood") == 0 for gateway in all_of_them)
            if step % 10 == 9:
                for gateway in all_of_them:
                    await gateway.exchange()
        # Alone: 40 at once and 2 a second, of which the last second's are to come. With others: what is too
        # much in the beginning is a debt, so that the sum is the same after a minute. Where a clock is wrong,
        # the time between the two counts once, which fills a bucket once more.
        most = 40 + 2 * 60 + 10 * (gateways - 1) + (40 if ahead and gateways > 1 else 0)
        assert 40 + 2 * 58 <= sent <= most

    run(database_url, work)


def test_without_the_database_each_limits_alone_and_tells_it_later(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        time = Time()
        a, b = (Gateway(pool, time, rate=1, burst=8) for _ in range(2))
        with psycopg.connect(database_url) as blocker:
            blocker.execute("lock table gateway.rate_buckets in access exclusive mode")
            for _ in range(8):
                assert a.send("ann") == 0
            await a.exchange()
            assert a.send("ann") == pytest.approx(1.0)
        await a.exchange()
        await b.exchange()
        assert b.send("ann") == pytest.approx(1.0)

    run(database_url, work, database_seconds=3)


def test_who_may_send_all_again_is_forgotten(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        time = Time()
        a = Gateway(pool, time, rate=1, burst=8)
        for _ in range(8):
            a.send("ann")
        await a.exchange()
        assert len(rows(database_url)) == 1
        for seconds, left in ((59, 1), (61, 0)):  # full after 8 s; deleted once a minute
            time.seconds = seconds
            await a.exchange()
            assert len(rows(database_url)) == left
        assert a.send("ann") == 0

    run(database_url, work)


def test_a_gateway_that_starts_again_forgives_nobody(database_url: str) -> None:
    async def work(pool: Pool) -> None:
        time = Time()
        before = Gateway(pool, time, rate=1, burst=8)
        before.send("ann", events=20)
        await before.exchange()
        after = Gateway(pool, time, rate=1, burst=8)
        await after.exchange()
        assert after.send("ann") == pytest.approx(13.0)

    run(database_url, work)
