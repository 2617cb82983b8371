"""What every test can ask for: a real PostgreSQL, a migrated database of its own, a connection to it."""

import os
import secrets
from collections.abc import Iterator

import psycopg
import pytest

from leadops import mask
from leadops.db import Connection, connect
from leadops_stack.postgres import PostgresServer

from .cluster import TEMPLATE, database_of, free_port, is_own, session_cluster
from .left_as_found import count_rows, leave_as_found, look_at_cluster, share
from .promises import register_profiles
from .scheduling import (  # noqa: F401  pytest's hooks
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)

__all__ = ["TEMPLATE", "free_port"]

register_profiles()

# What commands print is as wide everywhere: tables are not cut to the terminal of the day.
os.environ["COLUMNS"] = "200"
# A sender's library reads the nearest .env as it is imported: that of the stack that ran in this folder.
os.environ["PYTHON_DOTENV_DISABLED"] = "1"


@pytest.fixture(autouse=True)
def as_found(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves anything for those after it fails."""
    with leave_as_found(request.fixturenames):
        yield


@pytest.fixture(autouse=True)
def known_secrets() -> Iterator[None]:
    """What a test's connections are proved by is no secret to later tests: they may say the same word."""
    before = set(mask._secrets)
    yield
    mask._secrets.intersection_update(before)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The cluster of this test session, with a migrated template database."""
    with session_cluster() as server:
        template = count_rows(server.url(TEMPLATE))
        if is_own(server):
            found = look_at_cluster(server)
            with share("the cluster", lambda: look_at_cluster(server)):
                yield server
            assert look_at_cluster(server) == found, "a fixture left a database"
        else:
            yield server
        assert count_rows(server.url(TEMPLATE)) == template, "a test wrote into the template"


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    with database_of(postgres, f"t_{secrets.token_hex(6)}") as url:
        with psycopg.connect(url, autocommit=True) as own:  # a copy is another installation
            own.execute("update delivery.installation set installation_id = %s", [secrets.token_hex(4)])
        yield url


@pytest.fixture(scope="module")
def module_connection(postgres: PostgresServer) -> Iterator[Connection]:
    """An open connection to a migrated database of the module; nothing is committed there."""
    with database_of(postgres, f"m_{secrets.token_hex(6)}") as url:
        before = count_rows(url)
        with connect(url) as opened:
            yield opened
        assert count_rows(url) == before, "a test committed what the module's other tests see"


@pytest.fixture
def uncommitted(module_connection: Connection) -> Iterator[Connection]:
    """A connection to a migrated database for a test that commits nothing: what it does is taken back.

    It costs a tenth of a database of the test's own. Numbers begin with 1 in each test, as there.
    """
    module_connection.execute("select setval(seqrelid::regclass, seqstart, false) from pg_sequence")
    module_connection.commit()
    with module_connection.transaction(force_rollback=True):
        yield module_connection


def shares_database(item: pytest.Item) -> bool:
    """Return whether the test's `connection` is `uncommitted`."""
    names = item.fixturenames  # type: ignore[attr-defined]
    return bool(item.get_closest_marker("uncommitted")) and "database_url" not in names


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the module's database be there before anything looks at what the test leaves."""
    if shares_database(item) and "connection" in item.fixturenames:  # type: ignore[attr-defined]
        item.fixturenames.insert(0, "module_connection")  # type: ignore[attr-defined]


@pytest.fixture
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """An open connection to a fresh, migrated database.

    In a file marked as `uncommitted` it is that fixture, unless the test asks for `database_url` too.
    """
    if shares_database(request.node):
        yield request.getfixturevalue("uncommitted")
    else:
        with connect(request.getfixturevalue("database_url")) as opened:
            yield opened
