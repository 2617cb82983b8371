"""A PostgreSQL and sandboxes of the benchmarks' own, in a folder that goes when they are done."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from benchmarks.prepared_ma import write_leads
from leadops.db import Connection, connect
from leadops.migrations.run import migrate
from leadops.settings import Endpoint
from leadops_sandbox.settings import Tokens
from leadops_stack.postgres import PostgresServer

#: Seconds a sandbox is given to read its state and answer.
PATIENCE = 60.0


@dataclass(frozen=True)
class Arena:
    """A migrated database `url` with the settings of the stack (fsync on), and a folder for sandboxes."""

    url: str
    folder: Path

    def connect(self) -> Connection:
        """Open a connection as leadops does."""
        return connect(self.url, application="leadops benchmark")

    @contextmanager
    def sandbox(self, *, leads: int, product: str | None = None) -> Iterator[Endpoint]:
        """Run a fresh sandbox process that already knows `leads` leads; yield the MA's endpoint.

        With a `product` it is that product as well. It stands for the MA of the one before, whose address
        leadops forgets: at another one it would send nothing.
        """
        with self.connect() as connection, connection.transaction():
            connection.execute("delete from delivery.accounts")
        state = Path(tempfile.mkdtemp(prefix="sandbox-", dir=self.folder))
        write_leads(state, leads=leads)
        port = free_port()
        command = [sys.executable, "-m", "leadops_sandbox", "--port", str(port), "--state", str(state)]
        if product is not None:
            command += ["--product", product]
        process = subprocess.Popen(command, env=_without_connections())
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{port}", token=Tokens().ma)
        try:
            _await_answer(process, endpoint)
            yield endpoint
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(state)


def ma_state(endpoint: Endpoint) -> dict[str, Any]:
    """Return the totals of the sandbox's MA."""
    state: dict[str, Any] = requests.get(f"{endpoint.base_url}/_state", timeout=60).json()
    return state["ma"] | {"calls": sum(state["calls"].values())}


@contextmanager
def open_arena() -> Iterator[Arena]:
    """Start a cluster, migrate a database in it, and stop and remove all of it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="leadops-bench-"))
    folder.chmod(0o711)  # PostgreSQL's account passes through
    server = PostgresServer(folder / "postgres", port=free_port(), password=secrets.token_hex(8))
    try:
        server.start(options="-c max_connections=200")
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute("create database leadops")
        url = server.url("leadops")
        with connect(url) as connection:
            migrate(connection)
        yield Arena(url, folder)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _without_connections() -> dict[str, str]:
    """Return our environment without an installation's connections: this sandbox has the default tokens."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_CONN_LEADOPS_")}


def _await_answer(process: "subprocess.Popen[bytes]", endpoint: Endpoint) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            requests.get(f"{endpoint.base_url}/_state", timeout=5).raise_for_status()
        except requests.RequestException:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
