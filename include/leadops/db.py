"""The way to the database: connections with limits, and one read-only state of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import make_conninfo

from leadops.errors import TransientError

Connection = psycopg.Connection[tuple[Any, ...]]
AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

#: Nothing waits without a limit: a lock is given up after this, a statement after ten minutes.
LOCK_TIMEOUT = "30s"
STATEMENT_TIMEOUT = "600s"
#: A server that vanishes without a word is noticed within a minute or so (seconds; the last in ms).
PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


def connect(url: str, *, application: str = "leadops") -> Connection:
    """Open a connection to `url` (libpq URL) in UTC, with connect, lock and statement time-outs.

    Raises TransientError when the server cannot be reached.
    """
    options = f"-c timezone=UTC -c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT}"
    try:
        return psycopg.connect(make_conninfo(url, application_name=application, options=options, **PATIENCE))
    except psycopg.OperationalError as error:
        raise TransientError(
            f"the database does not answer ({type(error).__name__}); check LEADOPS_DATABASE_URL"
        ) from error


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Read one state of the database in a transaction that is rolled back; call it outside a transaction."""
    usual = connection.isolation_level
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        with connection.transaction() as transaction:
            yield
            raise psycopg.Rollback(transaction)
    finally:
        connection.isolation_level = usual
