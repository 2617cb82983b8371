"""A page that hangs takes nothing from Airflow: it holds few threads, each failure is waited for once."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from leadops.dashboard.answer_cache import AnswerCache
from leadops.dashboard.made_up_mark import MadeUpMark
from leadops.dashboard.page_database import PageDatabase
from leadops.dashboard.turns import MAX_REQUESTS
from leadops.db import Connection

from .conftest import OP, PREFIX, Open

#: More than the threads of all routes of an api-server.
REQUESTS = 45


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_pages_that_hang_leave_threads_to_airflow_and_say_come_again(dashboard: Open) -> None:
    pages = dashboard(OP)
    running, most, released = [0], [0], threading.Event()
    counting = threading.Lock()

    @pages.app_of_pages.get("/hangs")
    def hang() -> None:
        with counting:
            running[0] += 1
            most[0] = max(most[0], running[0])
        released.wait(60)
        with counting:
            running[0] -= 1

    @pages.app.get("/api/v2/of-airflow")  # type: ignore[attr-defined]
    def answer_for_airflow() -> str:
        return "alive"

    with ThreadPoolExecutor(REQUESTS) as browsers:
        try:
            answers = [browsers.submit(pages.get, f"{PREFIX}/hangs") for _ in range(REQUESTS)]
            wait_for(lambda: running[0] == MAX_REQUESTS)
            assert pages.get("/api/v2/of-airflow").json() == "alive"
            wait_for(lambda: sum(answer.done() for answer in answers) == REQUESTS - MAX_REQUESTS)
        finally:
            released.set()
    refused = [answer.result() for answer in answers if answer.result().status_code == 503]
    assert (len(refused), most[0]) == (REQUESTS - MAX_REQUESTS, MAX_REQUESTS)
    assert refused[0].headers["retry-after"] == "5"
    assert pages.read("api/now")["hops"]


def test_an_answer_gives_its_connection_back_before_it_is_sent(dashboard: Open) -> None:
    """A browser that reads slowly would hold one of four connections for as long as it likes."""
    pages = dashboard(OP)
    database = pages.app_of_pages.state.dashboard.database
    lent: list[int] = []
    app = pages.app

    async def send_slowly(scope: object, receive: object, send: Callable[..., object]) -> None:
        async def look(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                stats = database._pool.get_stats()
                lent.append(stats["pool_size"] - stats["pool_available"])
            await send(message)  # type: ignore[misc]

        await app(scope, receive, look)  # type: ignore[arg-type]

    pages._transport.app = send_slowly  # type: ignore[attr-defined]
    pages.read("api/delivery")
    assert lent == [0]


class Flaky(PageDatabase):
    """A database that is away when it is told so; it counts who asks."""

    is_away, asked = False, 0

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self.asked += 1
        if self.is_away:
            raise psycopg.OperationalError
        with super().read() as connection:
            yield connection


def test_a_database_that_is_away_is_not_asked_for_the_mark_by_every_page(
    database_url: str, connection: Connection
) -> None:
    connection.execute(
        "insert into made_up.pasts (first_day, last_day, seed, begun_at)"
        " values ('2026-05-01', '2026-10-31', 1, now())"
    )
    connection.commit()
    seconds = 0.0
    database = Flaky(database_url)
    database.is_away = True
    mark = MadeUpMark(database, ticks=lambda: seconds)
    assert ([mark.find() for _ in range(3)], database.asked) == ([False] * 3, 1)
    database.is_away, seconds = False, 4.9
    assert (mark.find(), database.asked) == (False, 1)
    seconds = 5.0
    assert (mark.find(), database.asked) == (True, 2)
    database.is_away, seconds = True, 35.0
    assert ([mark.find() for _ in range(3)], database.asked) == ([True] * 3, 3)
    database.close()


def test_who_waits_for_an_answer_gets_its_error_and_does_not_wait_again() -> None:
    cache, begun, released = AnswerCache(5), threading.Event(), threading.Event()
    made = [0]

    def make() -> bytes:
        made[0] += 1
        begun.set()
        released.wait(60)
        raise RuntimeError

    def read() -> bytes:
        return cache.get("a", make)

    def is_waiting(thread: threading.Thread) -> bool:
        frame = sys._current_frames().get(thread.ident or 0)
        return frame is not None and frame.f_code.co_name == "wait"

    known = set(threading.enumerate())
    with ThreadPoolExecutor(4) as browsers:
        answers = [browsers.submit(read)]
        begun.wait(60)
        answers += [browsers.submit(read) for _ in range(3)]
        threads = set(threading.enumerate()) - known
        wait_for(lambda: all(map(is_waiting, threads)))
        released.set()
        for answer in answers:
            with pytest.raises(RuntimeError):
                answer.result()
    assert made == [1]
