"""Counts of refused calls add up within five minutes."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg

from leadops.events.quarantine import add_refused_calls

NOW = datetime(2026, 7, 1, 9, 34, 59, tzinfo=UTC)


def test_counts_of_the_same_five_minutes_are_one(database_url: str) -> None:
    async def run() -> list[tuple[datetime, str, int]]:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            await add_refused_calls(connection, {"b": 2, "a": 1}, now=NOW)
            await add_refused_calls(connection, {"a": 4}, now=NOW - timedelta(minutes=4))
            await add_refused_calls(connection, {"a": 8}, now=NOW + timedelta(seconds=1))
            cursor = await connection.execute("select * from cdp.refused_calls order by 1, 2")
            return await cursor.fetchall()  # type: ignore[return-value]

    at = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
    assert asyncio.run(run()) == [(at, "a", 5), (at, "b", 2), (at + timedelta(minutes=5), "a", 8)]
