"""The whole stack as `make up` runs it, in a home and on ports of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arena import free_port
from leadops.settings import Endpoint
from leadops_stack.env_file import read_env
from leadops_stack.home import Home, find_home
from leadops_stack.ports import DEFAULT_PORTS, read_ports
from leadops_stack.single import ready_file

#: Seconds in which the stack must be up, and after that the seconds for the first minutes to settle down.
PATIENCE, SETTLE = 300.0, 90.0
#: Seconds it is given to stop.
GRACE = 200.0


@dataclass(frozen=True)
class Stack:
    """A running stack: its home, and the variables in its .env."""

    home: Home
    values: dict[str, str]
    config: Path  # the folder of its own settings, empty at first

    @property
    def gateway(self) -> str:
        """The gateway's URL."""
        return f"http://127.0.0.1:{read_ports(self.values)['LEADOPS_PORT_GATEWAY']}"

    @property
    def ma(self) -> Endpoint:
        """The sandbox's MA."""
        port = read_ports(self.values)["LEADOPS_PORT_SANDBOX"]
        return Endpoint(base_url=f"http://127.0.0.1:{port}", token=self.values["LEADOPS_MA_TOKEN"])


@contextmanager
def run_stack() -> Iterator[Stack]:
    """Start the stack, let its first minutes pass, and stop and remove it at the end.

    Raises RuntimeError with its last words when it does not come up. Where a benchmark fails, what the stack
    wrote stays, and the error says where.
    """
    folder = Path(tempfile.mkdtemp(prefix="leadops-bench-"))
    folder.chmod(0o711)  # PostgreSQL's account passes through
    places = {"LEADOPS_HOME": str(folder / "home"), "LEADOPS_ENV_FILE": str(folder / "env")}
    ports = {name: str(free_port()) for name in DEFAULT_PORTS}
    home, words, config = find_home(places), folder / "words", folder / "config"
    config.mkdir()
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "LEADOPS_"))}
    remove = True
    with words.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "leadops_stack", "up"],
            env=ours | places | ports | {"LEADOPS_DEMO": "0", "LEADOPS_CONFIG_DIR": str(config)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await_ready(process, home, words)
        time.sleep(SETTLE)
        yield Stack(home, read_env(home.env_file), config)
    except Exception as error:
        remove = False
        error.add_note(f"the stack and its logs are left in {folder}")
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=GRACE)
        if remove:
            shutil.rmtree(folder, ignore_errors=True)


def _await_ready(process: "subprocess.Popen[bytes]", home: Home, words: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready_file(home).exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the stack does not come up:\n{words.read_text(errors='replace')[-2000:]}")
        time.sleep(0.5)
