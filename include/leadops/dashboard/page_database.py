"""The pages' way to the database: a few read-only connections with a limit on every wait."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.settings import DATABASE_URL, PAGE_URL

#: Seconds that a statement may take, and that a request waits for a connection.
STATEMENT_SECONDS = 5
WAIT_SECONDS = 5.0
#: As many readings run at once; the rest wait their turn.
MAX_CONNECTIONS = 4
#: An unused connection ends after this many seconds: nobody looks, nothing is open.
IDLE_SECONDS = 60.0


class PageDatabase:
    """A pool of connections that can only read, opened when a page first needs one."""

    def __init__(self, url: str) -> None:
        """Take the libpq URL of the role `page`; an empty one is refused when a page reads."""
        self._url = url
        milliseconds = STATEMENT_SECONDS * 1000
        options = (
            f"-c timezone=UTC -c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
            " -c default_transaction_read_only=on"
        )
        conninfo = make_conninfo(
            url,
            application_name="leadops page",
            connect_timeout=STATEMENT_SECONDS,
            tcp_user_timeout=2 * milliseconds,
            options=options,
        )
        self._lock, self._is_open = threading.Lock(), False
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            conninfo,
            min_size=0,
            max_size=MAX_CONNECTIONS,
            timeout=WAIT_SECONDS,
            max_idle=IDLE_SECONDS,
            reconnect_timeout=WAIT_SECONDS,
            configure=_make_read_only,
            check=ConnectionPool.check_connection,
            open=False,
        )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that sees one state of the database and cannot write.

        Raises psycopg.Error (PoolTimeout where every connection is busy or none can be made), and
        ConfigError without a URL.
        """
        refuse_no_url(self._url)
        with self._lock:
            if not self._is_open:
                self._pool.open()
                self._is_open = True
        with self._pool.connection() as connection, connection.transaction():
            yield connection

    def close(self) -> None:
        """End the connections; the pages cannot read after that."""
        with self._lock:
            self._pool.close()


def refuse_no_url(url: str) -> str:
    """Return `url`; raise ConfigError where it is empty: libpq would connect to whatever there is."""
    if not url:
        raise ConfigError(f"neither {PAGE_URL} nor {DATABASE_URL} is set; give one to Airflow's api-server")
    return url


def _make_read_only(connection: "psycopg.Connection[Any]") -> None:
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    # A month and three years, a rare name and none need different plans; a prepared statement has one.
    connection.prepare_threshold = None
