"""What every test can ask for: a real PostgreSQL, a migrated database of its own, a connection to it."""

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from leadops.db import Connection, connect
from leadops.migrations.run import migrate
from leadops_stack.postgres import PostgresServer

from .scheduling import (  # noqa: F401  pytest's hooks
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)

TEMPLATE = "leadops_template"

# What commands print is as wide everywhere: tables are not cut to the terminal of the day.
os.environ["COLUMNS"] = "200"


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A cluster of this test session's own, with a migrated template database."""
    root = Path(tempfile.mkdtemp(prefix="leadops-test-"))
    root.chmod(0o755)
    server = PostgresServer(root / "pg", port=free_port(), password=secrets.token_hex(8))
    # Nearly every test has a database of its own: copied by the kernel, it is there in a fifth of the time.
    server.start(options="-c max_connections=200 -c fsync=off -c file_copy_method=clone")
    try:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute(f"create database {TEMPLATE}")
        with connect(server.url(TEMPLATE)) as connection:
            migrate(connection)
        yield server
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    name = f"t_{secrets.token_hex(6)}"
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute(f"create database {name} template {TEMPLATE} strategy file_copy")
    with psycopg.connect(postgres.url(name), autocommit=True) as own:  # a copy is another installation
        own.execute("update delivery.installation set installation_id = %s", [secrets.token_hex(4)])
    yield postgres.url(name)
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of one migrated database for all property tests, which make their own rows in it."""
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute(f"create database shared template {TEMPLATE}")
    return postgres.url("shared")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """An open connection to a fresh, migrated database."""
    with connect(database_url) as opened:
        yield opened
