"""The whole stack, started as `make up` starts it, in a folder of its own and on free ports."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from leadops_stack.env_file import read_env
from leadops_stack.home import Home
from leadops_stack.ports import DEFAULT_PORTS
from leadops_stack.single import ready_file
from tests.plain_http import NO_TLS

from .cluster import free_port

PROJECT = Path(__file__).parents[1]

#: Seconds after which a test gives up; an idle machine with two cores starts the stack in 20.
PATIENCE = 600.0


@dataclass
class Stack:
    """A running stack."""

    home: Home
    values: dict[str, str]  # the variables of its .env: secrets, ports, connections
    output: Path  # what its terminal shows
    process: "subprocess.Popen[bytes]"
    airflow_url: str = field(init=False)
    gateway_url: str = field(init=False)
    sandbox_url: str = field(init=False)
    database_url: str = field(init=False)

    def __post_init__(self) -> None:
        """Work out where its parts answer."""
        for name in ("airflow", "gateway", "sandbox"):
            port = self.values[f"LEADOPS_PORT_{name.upper()}"]
            setattr(self, f"{name}_url", f"http://127.0.0.1:{port}")
        self.database_url = self.values["LEADOPS_OWNER_DATABASE_URL"]  # tests write what no part may

    @property
    def admin_password(self) -> str:
        """The password of the Airflow user admin."""
        return self.values["LEADOPS_ADMIN_PASSWORD"]

    @cached_property
    def admin_token(self) -> str:
        """A bearer token of the Airflow user admin."""
        login = {"username": "admin", "password": self.admin_password}
        answer = httpx.post(f"{self.airflow_url}/auth/token", json=login, timeout=30, verify=NO_TLS)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def airflow(self, method: str, path: str, **more: Any) -> Any:
        """Call Airflow's REST interface (`path` below /api/v2) as admin; return the answer's JSON."""
        headers = {"Authorization": f"Bearer {self.admin_token}"}
        answer = httpx.request(
            method, f"{self.airflow_url}/api/v2{path}", headers=headers, timeout=30, **more, verify=NO_TLS
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def environment(self) -> dict[str, str]:
        """Return what a command needs in its environment to work on this stack."""
        return {**os.environ, **self.values, **_places(self.home)}

    def shown(self) -> str:
        """Return all that its terminal has shown."""
        return self.output.read_text(errors="replace")


@contextmanager
def start_stack(variables: Mapping[str, str] = {}, *, within: Path | None = None) -> Iterator[Stack]:
    """Start the whole stack with these variables in a folder of its own (`within`); stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="leadops-stack-", dir=within) as folder:
        root = Path(folder)
        root.chmod(0o755)
        ports = {variable: str(free_port()) for variable in DEFAULT_PORTS}
        with run_stack(root, ports | dict(variables)) as stack:
            yield stack


@contextmanager
def run_stack(root: Path, variables: Mapping[str, str] = {}) -> Iterator[Stack]:
    """Run the stack of the folder `root`, which is new or was one before; stop it at the end."""
    home = Home(project=PROJECT, root=root / "home", env_file=root / ".env")
    output = root / "output"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "leadops_stack", "up"],
            env={**_clean(os.environ), **_places(home), "LEADOPS_DEMO": "0", **variables},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(home, process, output)
        yield Stack(home, read_env(home.env_file), output, process)
    finally:
        process.terminate()
        process.wait(timeout=120)


def _places(home: Home) -> dict[str, str]:
    return {"LEADOPS_HOME": str(home.root), "LEADOPS_ENV_FILE": str(home.env_file)}


def _clean(environ: "os._Environ[str]") -> dict[str, str]:
    """Leave out what another installation may have set."""
    ours = ("LEADOPS_", "AIRFLOW", "_AIRFLOW")
    return {name: value for name, value in environ.items() if not name.startswith(ours)}


def _wait_until_ready(home: Home, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready_file(home).exists():
        late = time.monotonic() > deadline
        if process.poll() is not None or late:
            pytest.fail(f"the stack is not up: {output.read_text(errors='replace')}")
        time.sleep(0.2)
