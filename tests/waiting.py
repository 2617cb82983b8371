"""Waiting for what another process or tab does: until it is so, not for a time that fits one machine."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

#: Seconds after which a test fails: far more than it takes on a busy machine.
PATIENCE = 60.0


def wait_until(condition: Callable[[], Any], *, seconds: float = PATIENCE, pause: float = 0.02) -> Any:
    """Return what `condition` returns once that is true; ask every `pause` seconds, fail after `seconds`."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"still not true after {seconds:g} s"
        time.sleep(pause)
    return found


def list_sessions(url: str) -> set[int]:
    """Return the sessions of a database but the asking one and a gateway's, whose pool grows at any time."""
    with psycopg.connect(url) as asking:
        rows = asking.execute(
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and application_name <> 'leadops gateway'"
        ).fetchall()
    return {pid for (pid,) in rows}


@contextmanager
def outlive_sessions(url: str) -> Iterator[None]:
    """Wait after the block until the sessions of a database have ended that began in it.

    The server notices only after some moments that a client was killed or has hung up. Until then the session
    keeps its locks: others get no place, and skip its rows as if there were nothing to do.
    """
    before = list_sessions(url)
    yield
    wait_until(lambda: list_sessions(url) <= before)
