"""What the README has a newcomer paste works on the stack that has just started."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import PATIENCE, PROJECT, Stack

pytestmark = pytest.mark.stack

BIN = Path(sys.executable).parent


def find_commands() -> list[str]:
    """Return the lines of the block that sets the environment first, without that line."""
    text = (PROJECT / "README.md").read_text()
    (block,) = re.findall(r"```\n(set -a; .*?)```", text, re.DOTALL)
    return str(block).splitlines()[1:]


def run(stack: Stack, command: str) -> "subprocess.CompletedProcess[str]":
    command = command.replace("localhost:8082", stack.sandbox_url.removeprefix("http://"))
    environment = stack.environment()
    return subprocess.run(
        ["/bin/sh", "-c", command.replace("curl", "curl --fail --silent --show-error")],
        cwd=stack.home.root,
        env={**environment, "PATH": f"{BIN}:{environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_line_of_the_readme_works_after_the_first_minute(stack: Stack) -> None:
    """In their order, for the last but one breaks the made-up MA and the last one mends it."""
    commands = find_commands()
    assert len(commands) > 5
    deadline = time.monotonic() + PATIENCE
    for command in commands:
        while (done := run(stack, command)).returncode:
            assert time.monotonic() < deadline, f"{command}: {done.stderr}{done.stdout}"
            time.sleep(1)
