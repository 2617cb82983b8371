"""Refusals are counted in memory, written in one go, and kept while the database is away."""

import asyncio
from datetime import UTC, datetime

import psycopg

from leadops.gateway.database import make_pool
from leadops.gateway.refusal_counter import RefusalCounter
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 6, 1, 10, 3, tzinfo=UTC)


def counted(url: str) -> list[tuple[str, int]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select reason, sum(times) from intake.form_refusals group by 1 order by 1"
        ).fetchall()


def test_what_is_pending_is_written_when_it_closes(database_url: str) -> None:
    async def run() -> None:
        async with make_pool(database_url, SHIPPED.gateway) as pool:
            counter = RefusalCounter(pool, clock=lambda: NOW)
            for reason in ("stale", "signature", "stale"):
                counter.count(reason)
            await counter.close()

    asyncio.run(run())
    assert counted(database_url) == [("signature", 1), ("stale", 2)]


def test_what_could_not_be_written_is_written_with_the_next(database_url: str) -> None:
    async def run() -> None:
        settings = change(SHIPPED.gateway, database_seconds=1.0)
        async with make_pool(database_url, settings) as pool:
            counter = RefusalCounter(pool, clock=lambda: NOW)
            counter.count("stale")
            with psycopg.connect(database_url) as blocker:
                blocker.execute("lock table intake.form_refusals in access exclusive mode")
                await counter.close()
            counter.count("stale")
            await counter.close()

    asyncio.run(run())
    assert counted(database_url) == [("stale", 2)]
