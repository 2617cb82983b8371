"""What the commands share: the clock, the database and the settings."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from leadops.cli.terminal import print_warning
from leadops.configuration import Config
from leadops.db import Connection, connect
from leadops.products.product_settings import add_product_settings
from leadops.settings import GATEWAY_URL, Endpoint, database_url, endpoint

sleep = time.sleep


def clock() -> datetime:
    """Return the time now; the one place from which the commands take it."""
    return datetime.now(UTC)


def open_connection() -> Connection:
    """Return a connection to the database of LEADOPS_DATABASE_URL."""
    return connect(database_url(), application="leadops cli")


def open_gateway_connection() -> Connection:
    """Return a connection to the database as the gateway's role, where it has one of its own."""
    return connect(database_url(GATEWAY_URL), application="leadops gateway")


@contextmanager
def open_database() -> Iterator[Connection]:
    """Open the database of LEADOPS_DATABASE_URL for one command."""
    with open_connection() as connection:
        yield connection


def read_config(open_database: Callable[[], Connection] = open_connection) -> Config:
    """Return the settings in force, as the DAGs of this machine have them; nothing is recorded.

    A refused file is a warning on stderr while earlier settings are in force. Without a database the files
    stand alone.
    """
    return Config.in_force(
        part="tasks",
        open_database=open_database,
        clock=clock,
        sleep=sleep,
        records=False,
        needs_database=False,
        warn=print_warning,
    )


def find_product(name: str, config: Config | None = None) -> Endpoint:
    """Return the endpoint of `name` (ma, crm) with the settings of the product that its connection names."""
    return add_product_settings(endpoint(name), (config or read_config()).products)
