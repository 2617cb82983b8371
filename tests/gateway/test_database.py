"""The pool: what breaks is replaced, what fails is not repeated, and nothing waits longer than it may."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from leadops.db import AsyncConnection
from leadops.gateway.database import Pool, answer_within, check_if_signalled, make_pool, run_on_connection
from tests.shipped import SHIPPED, change
from tests.waiting import wait_until

CUT = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'leadops gateway'"


def cut_all(url: str) -> None:
    """End all connections of the pool, and wait until the server has forgotten them."""
    with psycopg.connect(url, autocommit=True) as own:
        own.execute(f"{CUT} and datname = current_database()".encode())
        wait_until(lambda: own.execute(f"{CUT} and datname = current_database()".encode()).fetchall() == [])


def with_pool(url: str, work: Callable[[Pool], Awaitable[Any]], **changes: Any) -> Any:
    async def run() -> Any:
        settings = change(SHIPPED.gateway, min_connections=2, max_connections=4, **changes)
        async with make_pool(url, settings) as pool:
            await pool.wait()
            return await work(pool)

    return asyncio.run(run())


async def ask_pid(connection: AsyncConnection) -> int:
    row = await (await connection.execute("select pg_backend_pid()")).fetchone()
    assert row
    return int(row[0])


def test_work_runs_once_where_nothing_breaks(database_url: str) -> None:
    calls: list[int] = []

    async def work(connection: AsyncConnection) -> int:
        calls.append(await ask_pid(connection))
        return calls[-1]

    assert with_pool(database_url, lambda pool: run_on_connection(pool, work)) == calls[0]
    assert len(calls) == 1


def test_work_runs_again_if_its_connection_breaks_even_if_all_others_did_too(database_url: str) -> None:
    calls: list[int] = []

    async def work(connection: AsyncConnection) -> int:
        if not calls:
            cut_all(database_url)
        calls.append(connection.info.backend_pid)
        return await ask_pid(connection)

    assert with_pool(database_url, lambda pool: run_on_connection(pool, work)) == calls[1] != calls[0]
    assert len(calls) == 2


def test_work_whose_connection_breaks_twice_is_given_up(database_url: str) -> None:
    calls: list[int] = []

    async def work(connection: AsyncConnection) -> int:
        calls.append(0)
        cut_all(database_url)
        return await ask_pid(connection)

    with pytest.raises(psycopg.OperationalError):
        with_pool(database_url, lambda pool: run_on_connection(pool, work))
    assert len(calls) == 2


@pytest.mark.parametrize("query", ["select 1 / 0", "select pg_sleep(10)"])
def test_a_statement_that_fails_or_takes_too_long_is_not_repeated(database_url: str, query: str) -> None:
    calls: list[int] = []

    async def work(connection: AsyncConnection) -> None:
        calls.append(0)
        await connection.execute(query.encode())

    with pytest.raises(psycopg.Error):
        with_pool(database_url, lambda pool: run_on_connection(pool, work), database_seconds=0.2)
    assert len(calls) == 1


def test_a_connection_is_checked_once_the_server_has_said_something(database_url: str) -> None:
    async def run() -> None:
        connection = await psycopg.AsyncConnection.connect(database_url, application_name="leadops gateway")
        await check_if_signalled(connection)
        cut_all(database_url)
        with pytest.raises(psycopg.OperationalError):
            await asyncio.wait_for(check_until_signalled(connection), 60)

    async def check_until_signalled(connection: AsyncConnection) -> None:
        while True:
            await check_if_signalled(connection)
            await asyncio.sleep(0.01)

    asyncio.run(run())


def test_an_answer_has_its_time_and_no_more() -> None:
    async def run() -> None:
        assert await answer_within(60, asyncio.sleep(0, "done")) == "done"
        with pytest.raises(ZeroDivisionError):
            await answer_within(60, divide())
        with pytest.raises(TimeoutError):
            await answer_within(0.01, asyncio.Event().wait())

    async def divide() -> float:
        return 1 / 0

    asyncio.run(run())
