"""Starts and stops the Odoo of a folder, with a PostgreSQL of its own."""

import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tests.cluster import free_port

#: The database with the app CRM that tests copy.
DATABASE = "prepared"
POSTGRES = "/usr/lib/postgresql/13/bin"
CLUSTER, DATA = "/srv/cluster", "/srv/data"
#: Seconds to wait for a server that starts; a busy machine takes long.
PATIENCE = 300


def enter_root(root: Path, *command: str, user: str = "root") -> list[str]:
    """Return the command that runs `command` in `root` as `user`. Its /proc ends with it."""
    bare = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/srv")
    mount = 'mount -t proc proc "$0/proc" && exec chroot "--userspec=$1" "$0" "${@:2}"'
    return ["unshare", "--mount", "bash", "-c", mount, str(root), user, *bare, *command]


class OdooServer:
    """An Odoo in `root`; `url` is its address once it serves."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.postgres_port = free_port()
        self.http_port = free_port()
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def make_cluster(self) -> None:
        """Make an empty cluster, in place of one that is there."""
        shutil.rmtree(self.root / CLUSTER[1:], ignore_errors=True)
        for folder, owner in ((CLUSTER, "postgres"), (DATA, "odoo")):
            self._call(owner, "install", "-d", "-o", owner, folder, user="root")
        self._call("postgres", f"{POSTGRES}/initdb", "-A", "trust", "-E", "UTF8", "-D", CLUSTER)

    def start_postgres(self) -> None:
        """Start PostgreSQL; nothing that it writes must survive a power failure."""
        options = ("-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", "/tmp")
        self._start(
            "postgres", f"{POSTGRES}/postgres", "-D", CLUSTER, "-p", str(self.postgres_port), *options
        )
        self._wait(lambda: self._psql("select 1"))

    def create_database(self, name: str, template: str = "template0") -> None:
        """Create a database, as a copy of `template`, in place of one that is there."""
        self._psql(
            "do $$ begin create role odoo superuser login; exception when duplicate_object then end $$"
        )
        self._psql(f"drop database if exists {name}")
        if not self._psql(f"create database {name} template {template} owner odoo"):
            raise RuntimeError(f"the database {name} cannot be created")

    def install_crm(self, database: str) -> None:
        """Install the app CRM into `database`: two minutes."""
        self._call("odoo", *self._odoo(database), "-i", "crm", "--stop-after-init", "--without-demo=all")

    def start_odoo(self, database: str) -> None:
        """Serve `database`."""
        self._start("odoo", *self._odoo(database))
        self._wait(self._answers)

    def stop(self) -> None:
        """Stop Odoo, then PostgreSQL."""
        for process in reversed(self._running):
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _odoo(self, database: str) -> tuple[str, ...]:
        return (
            *("odoo", "-d", database, "--db_host", "127.0.0.1", "--db_port", str(self.postgres_port)),
            *("--db_user", "odoo", "--http-interface", "127.0.0.1", "--http-port", str(self.http_port)),
            *("--workers", "0", "--max-cron-threads", "0", "--no-database-list", "--data-dir", DATA),
        )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/web/webclient/version_info", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError as error:
            # A route for JSON answers a GET with 400 once it is served.
            return getattr(error, "code", None) == 400

    def _psql(self, statement: str) -> bool:
        command = (
            "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.postgres_port),
            "-U",
            "postgres",
            "-c",
            statement,
        )
        return self._call("postgres", *command, check=False) == 0

    def _inside(self, user: str, *command: str) -> list[str]:
        return enter_root(self.root, *command, user=user)

    def _call(self, name: str, *command: str, user: str | None = None, check: bool = True) -> int:
        with self._log(name) as log:
            done = subprocess.run(self._inside(user or name, *command), check=check, stdout=log, stderr=log)
        return done.returncode

    def _start(self, name: str, *command: str) -> None:
        with self._log(name) as log:
            process = subprocess.Popen(
                self._inside(name, *command), stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self._running.append(process)

    def _log(self, name: str) -> BinaryIO:
        folder = self.root / "srv"
        folder.mkdir(exist_ok=True)
        return (folder / f"{name}.log").open("ab")

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not is_ready():
            if self._running[-1].poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"a server did not start; its log is in {self.root}/srv")
            time.sleep(0.3)
