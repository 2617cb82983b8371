"""What the commands share: the clock and the database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from leadops.db import Connection, connect
from leadops.settings import database_url

sleep = time.sleep


def clock() -> datetime:
    """Return the time now; the one place from which the commands take it."""
    return datetime.now(UTC)


def open_connection() -> Connection:
    """Return a connection to the database of LEADOPS_DATABASE_URL."""
    return connect(database_url(), application="leadops cli")


@contextmanager
def open_database() -> Iterator[Connection]:
    """Open the database of LEADOPS_DATABASE_URL for one command."""
    with open_connection() as connection:
        yield connection
