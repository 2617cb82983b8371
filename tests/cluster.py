"""The PostgreSQL cluster of a test session, and its migrated template database."""

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psutil import virtual_memory
from psycopg import sql

from leadops.db import connect
from leadops.migrations.run import migrate
from leadops_stack.postgres import PostgresServer

from .roles import make_test_roles
from .waiting import wait_until

TEMPLATE = "leadops_template"

#: Nearly every test has a database of its own: copied by the kernel, it is there in a fifth of the time. And
#: with one round of the hash instead of 4096 a connection costs a third of the CPU time.
FAST_COPIES = "-c file_copy_method=clone -c scram_iterations=1"

MEMORY = Path("/dev/shm")
#: Bytes that the cluster of a session needs at most.
ROOM = 2 * 1024**3

#: Ports of tests.
PORTS = range(15_000, 30_000)
_TAKEN: list[socket.socket] = []

#: A connection of each process to each server that made a database for it, by the URL of the server.
_ADMINS: dict[tuple[int, str], psycopg.Connection] = {}

#: The port and password of a cluster that runs already, as `port:password`: a session then starts none.
RUNNING = "LEADOPS_TEST_CLUSTER"


@contextmanager
def own_cluster(
    kind: type[PostgresServer] = PostgresServer, options: str = FAST_COPIES
) -> Iterator[PostgresServer]:
    """Start a cluster with a migrated template database; stop and remove it at the end."""
    root = Path(tempfile.mkdtemp(prefix="leadops-test-", dir=_find_memory()))
    root.chmod(0o755)
    server = kind(root / "pg", port=free_port(), password=secrets.token_hex(8))
    server.start(options=f"-c max_connections=200 -c fsync=off {options}")
    try:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute(  # hashed again, with those rounds
                sql.SQL("alter role {} password {}").format(sql.Identifier(server.user), server.password)
            )
            admin.execute(f"create database {TEMPLATE}")
        with connect(server.url(TEMPLATE)) as connection:
            migrate(connection)
        make_test_roles(server.url(TEMPLATE))
        yield server
    finally:
        if admin := _ADMINS.pop((os.getpid(), server.url()), None):
            admin.close()
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


def _find_memory() -> Path | None:
    """Return a folder in memory with room, where a database is copied in half the time, or None."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM and virtual_memory().available >= 2 * ROOM:
        return MEMORY
    return None


@contextmanager
def session_cluster() -> Iterator[PostgresServer]:
    """Yield the cluster that LEADOPS_TEST_CLUSTER names, or one of this session's own."""
    if running := os.environ.get(RUNNING):
        port, password = running.split(":")
        yield PostgresServer(Path(os.devnull), port=int(port), password=password)
        return
    with own_cluster() as server:
        yield server


def is_own(server: PostgresServer) -> bool:
    """Return whether the cluster is of this session alone."""
    return server.folder != Path(os.devnull)


@contextmanager
def database_of(server: PostgresServer, name: str, *, template: str = TEMPLATE) -> Iterator[str]:
    """Copy the template to the database `name`; yield its URL, and drop it at the end."""
    _administer(server, f"create database {name} template {template} strategy file_copy")
    try:
        yield server.url(name)
    finally:
        _administer(server, f"drop database if exists {name} with (force)")


def _administer(server: PostgresServer, statement: str) -> None:
    """Run a statement on a connection that is kept: most tests make a database, and each session costs time.

    Sessions that are about to end may still be in the template: they are waited for.
    """

    key = (os.getpid(), server.url())

    def is_done() -> bool:
        admin = _ADMINS.get(key)
        if admin is None or admin.closed:
            admin = _ADMINS[key] = psycopg.connect(server.url(), autocommit=True)
        try:
            admin.execute(statement.encode())
        except psycopg.errors.ObjectInUse:
            return False
        except psycopg.OperationalError:
            if not admin.closed:
                raise
            return False  # the server was started again meanwhile
        return True

    wait_until(is_done)


def free_port() -> int:
    """Return a port on which nothing listens, and which no other test of this machine gets.

    It is below those that the system gives to connections, which could take it before it is used. As long as
    this process runs, the UDP port of the same number says that it is taken.
    """
    for _ in range(1000):
        port = PORTS.start + secrets.randbelow(len(PORTS))
        taken = socket.socket(type=socket.SOCK_DGRAM)
        try:
            taken.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            taken.close()
        else:
            _TAKEN.append(taken)
            return port
    raise AssertionError(f"no port between {PORTS.start} and {PORTS.stop} is free")
