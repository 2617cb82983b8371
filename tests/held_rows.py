"""A lock that another process holds until somebody waits for it: a race, played in its worst order."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

#: Whether a session of this database waits for a lock of another.
AWAITED = """
    select exists (
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    )
"""


@contextmanager
def hold_until_awaited(database_url: str, query: str) -> Iterator[Callable[[], None]]:
    """Yield a function that runs `query` in a transaction of its own, which ends once another waits for it.

    The transaction also ends with the block, so that code which does not wait fails the test, not its time.
    """
    over, threads = threading.Event(), list[threading.Thread]()

    def hold() -> None:
        connection = psycopg.connect(database_url)
        connection.execute(query)

        def release() -> None:
            with connection, psycopg.connect(database_url, autocommit=True) as observer:
                while not over.is_set() and observer.execute(AWAITED).fetchall() != [(True,)]:
                    time.sleep(0.01)

        threads.append(threading.Thread(target=release))
        threads[-1].start()

    try:
        yield hold
    finally:
        over.set()
        for thread in threads:
            thread.join()
