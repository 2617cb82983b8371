import asyncio
from datetime import UTC, datetime, timedelta

import psycopg

from leadops.db import Connection
from leadops.intake.form_quarantine import add_form_refusals

NOW = datetime(2026, 7, 1, 9, 7, 30, tzinfo=UTC)
FIVE_MINUTES = datetime(2026, 7, 1, 9, 5, tzinfo=UTC)


def test_counts_add_up_by_five_minutes_and_reason(database_url: str, connection: Connection) -> None:
    async def add(*counts: dict[str, int]) -> None:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as opened:
            for each in counts:
                await add_form_refusals(opened, each, now=NOW)
            await add_form_refusals(opened, {"stale": 1}, now=FIVE_MINUTES + timedelta(minutes=5))

    asyncio.run(add({"stale": 2, "too_large": 1}, {"stale": 3}))
    assert connection.execute("select * from intake.form_refusals order by 1, 2").fetchall() == [
        (FIVE_MINUTES, "stale", 5),
        (FIVE_MINUTES, "too_large", 1),
        (FIVE_MINUTES + timedelta(minutes=5), "stale", 1),
    ]
