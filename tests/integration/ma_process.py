"""The sandbox as a process of its own, which can be killed and started again on the same port and state."""

import os
import subprocess
import sys
from pathlib import Path

import requests

from tests.conftest import free_port
from tests.waiting import PATIENCE, wait_until


class MaProcess:
    """`python -m leadops_sandbox`, its state in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it unless it runs; return when it answers."""
        if self.process:
            return
        own = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_CONN_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "leadops_sandbox", "--port", str(self.port), "--state", str(self.folder)],
            env=own,
        )
        wait_until(self._answers)

    def kill(self) -> None:
        """End it by SIGKILL, with whatever it was doing."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        assert self.process, "it was not started"
        assert self.process.poll() is None, "the sandbox ended instead of starting"
        try:
            return requests.get(f"{self.url}/_state", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False
