"""Copies of a database and of a cluster, made with PostgreSQL's own programs, as administrators make them."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from leadops_stack.postgres import PostgresServer
from tests.cluster import database_of, free_port
from tests.roles import make_test_roles

OPTIONS = "-c fsync=off -c max_connections=50"


def run_program(server: PostgresServer, name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs as the account of the server; fail with its own words."""
    program = Path(server.command()[0]).with_name(name)
    options = server.account.popen_options() if server.account else {}
    done = subprocess.run(
        [str(program), *arguments],
        check=False,
        capture_output=True,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        **options,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def dump(server: PostgresServer, url: str) -> bytes:
    """Return a dump of a database, taken by pg_dump while it is in use."""
    program = Path(server.command()[0]).with_name("pg_dump")
    done = subprocess.run([str(program), "--format=custom", url], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


@contextmanager
def restored(server: PostgresServer, content: bytes) -> Iterator[str]:
    """Restore a dump into a fresh database of `server`, and grant the roles their rights; yield its URL."""
    program = Path(server.command()[0]).with_name("pg_restore")
    with database_of(server, f"restored_{secrets.token_hex(4)}", template="template0") as url:
        done = subprocess.run(
            [str(program), "--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={url}"],
            check=False,
            capture_output=True,
            input=content,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        make_test_roles(url)
        yield url


@contextmanager
def cluster(folder: Path, *, password: str, port: int | None = None) -> Iterator[PostgresServer]:
    """Start the cluster in `folder`, or a new one; stop and remove it at the end."""
    server = PostgresServer(folder, port=port or free_port(), password=password)
    server.start(options=OPTIONS)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.place, ignore_errors=True)


def base_backup(server: PostgresServer, folder: Path, *arguments: str) -> None:
    """Copy a running cluster with pg_basebackup into `folder`."""
    run_program(
        server,
        "pg_basebackup",
        f"--pgdata={folder}",
        "--wal-method=stream",
        "--checkpoint=fast",
        f"--dbname={server.url()}",
        *arguments,
    )


def is_streaming(server: PostgresServer) -> bool:
    """Whether a replica has received all that this cluster has written."""
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(
            "select bool_and(replay_lsn >= pg_current_wal_lsn()) from pg_stat_replication"
        ).fetchone()
    return bool(row and row[0])


def stop_streaming(replica: PostgresServer) -> None:
    """Let a replica receive nothing more, as when the network to the primary breaks."""
    with psycopg.connect(replica.url(), autocommit=True) as connection:
        connection.execute("alter system set primary_conninfo = ''")
        connection.execute("select pg_reload_conf()")


def has_stopped_streaming(replica: PostgresServer) -> bool:
    """Whether a replica has no receiver any more."""
    with psycopg.connect(replica.url()) as connection:
        return connection.execute("select pid from pg_stat_wal_receiver").fetchone() is None


def promote(replica: PostgresServer) -> None:
    """Make a replica the primary."""
    with psycopg.connect(replica.url(), autocommit=True) as connection:
        connection.execute("select pg_promote()")
