import asyncio
from datetime import date

import psycopg

from leadops.db import Connection
from leadops.intake.form_refusals import add_form_refusals

DAY = date(2026, 7, 1)


def test_counts_add_up_by_day_and_reason(database_url: str, connection: Connection) -> None:
    async def add(*counts: dict[str, int]) -> None:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as opened:
            for each in counts:
                await add_form_refusals(opened, each, day=DAY)

    asyncio.run(add({"stale": 2, "too_large": 1}, {"stale": 3}))
    assert connection.execute("select * from intake.form_refusals order by reason").fetchall() == [
        (DAY, "stale", 5),
        (DAY, "too_large", 1),
    ]
