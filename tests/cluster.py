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

from leadops.db import connect
from leadops.migrations.run import migrate
from leadops_stack.postgres import PostgresServer

from .roles import make_test_roles

TEMPLATE = "leadops_template"

MEMORY = Path("/dev/shm")
#: Bytes that the cluster of a session needs at most.
ROOM = 2 * 1024**3

#: Ports of tests.
PORTS = range(15_000, 30_000)
_TAKEN: list[socket.socket] = []

#: The port and password of a cluster that runs already, as `port:password`: a session then starts none.
RUNNING = "LEADOPS_TEST_CLUSTER"


@contextmanager
def own_cluster() -> Iterator[PostgresServer]:
    """Start a cluster with a migrated template database; stop and remove it at the end."""
    root = Path(tempfile.mkdtemp(prefix="leadops-test-", dir=_find_memory()))
    root.chmod(0o755)
    server = PostgresServer(root / "pg", port=free_port(), password=secrets.token_hex(8))
    # Nearly every test has a database of its own: copied by the kernel, it is there in a fifth of the time.
    server.start(options="-c max_connections=200 -c fsync=off -c file_copy_method=clone")
    try:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute(f"create database {TEMPLATE}")
        with connect(server.url(TEMPLATE)) as connection:
            migrate(connection)
        make_test_roles(server.url(TEMPLATE))
        yield server
    finally:
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
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(f"create database {name} template {template} strategy file_copy")
    try:
        yield server.url(name)
    finally:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute(f"drop database if exists {name} with (force)")


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
