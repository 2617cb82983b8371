"""Tables are whole in a pipe, and fit a terminal."""

import os
import re
import subprocess
import sys
import termios

LONG = "because " * 40
PRINT = (
    "from rich.table import Table; from leadops.cli.context import console;"
    f" table = Table('reason'); table.add_row({LONG.strip()!r}); console.print(table)"
)


def test_a_pipe_gets_every_row_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT], capture_output=True, text=True, timeout=60, check=True
    )
    assert LONG.strip() in done.stdout
    assert len(done.stdout.splitlines()) == 5


def test_a_terminal_gets_no_longer_lines_than_it_has_room_for() -> None:
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"TERM": "xterm"}
    with open(ours, "rb", buffering=0) as screen:
        subprocess.run(
            [sys.executable, "-c", PRINT],
            stdin=theirs,
            stdout=theirs,
            env=environment,
            timeout=60,
            check=True,
        )
        os.close(theirs)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", screen.read(20_000).decode())
    assert "because" in shown
    assert max(len(line.rstrip("\r")) for line in shown.split("\n")) <= 60
