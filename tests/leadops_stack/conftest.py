"""Processes to supervise, and a home to supervise them in."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leadops_stack.account import Account, unprivileged_account
from leadops_stack.home import Home
from leadops_stack.part import Part

#: What a toy part runs; it adds its own and its child's number to the file argv[1] at each start.
TOY = """
import os, subprocess, sys, time
deaf = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('ready', flush=True); time.sleep(600)"
)
child = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
child.stdout.readline()
with open(sys.argv[1], "a") as out:
    out.write(f"{os.getpid()} {child.pid}\\n")
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in a temporary folder."""
    made = Home(project=Path(__file__).parents[2], root=tmp_path / "home", env_file=tmp_path / ".env")
    made.make()
    return made


@pytest.fixture
def toy(home: Home) -> Callable[[str], Part]:
    """Return parts that run until stopped, each with a child that does not heed SIGTERM."""

    def make(name: str) -> Part:
        told = home.root / f"{name}.pids"
        return Part(
            name,
            (sys.executable, "-c", TOY, str(told)),
            home.root,
            dict(os.environ),
            healthy=told.exists,
            grace=5.0,
        )

    return make


@pytest.fixture
def account() -> Account:
    """The account that PostgreSQL runs as under root."""
    found = unprivileged_account()
    if found is None:
        pytest.skip("only root has another account to run as")
    return found


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="leadops-test-") as made:
        Path(made).chmod(0o755)
        yield Path(made)
