import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from leadops_stack.home import Home
from leadops_stack.processes import birth_mark
from leadops_stack.screen import Screen
from leadops_stack.single import ready_file, release_lock, supervisor, take_lock
from leadops_stack.status import status
from leadops_stack.up import down, up
from tests.waiting import wait_until

#: A whole supervisor with one toy part; says "up" once it is.
HOLDER = """
import os, sys
from pathlib import Path
from leadops_stack.home import Home
from leadops_stack.part import Part, Wave
from leadops_stack.screen import Screen
from leadops_stack.single import release_lock, take_lock
from leadops_stack.supervisor import Supervisor
home = Home(Path(), Path(sys.argv[1]), Path(sys.argv[1]) / ".env")
lock = take_lock(home, Screen())
running = Supervisor(run=home.run, logs=home.logs, screen=Screen())
running.stopping.listen()
toy = "import subprocess as s, time; s.Popen(['sleep', '600']); open('told', 'w').close(); time.sleep(600)"
told = home.root / "told"
part = Part("toy", (sys.executable, "-c", toy), home.root, dict(os.environ), healthy=told.exists)
try:
    running.start([Wave(parts=(part,))])
    print("up", flush=True)
    running.watch(every=3600, tick=lambda: None)
finally:
    running.stop()
    release_lock(home, lock)
"""


@pytest.fixture
def shown() -> io.StringIO:
    """What the terminal shows."""
    return io.StringIO()


@pytest.fixture
def screen(shown: io.StringIO) -> Screen:
    """A terminal."""
    return Screen(Console(file=shown, width=200))


@pytest.fixture
def holder(home: Home):
    """A supervisor in a process of its own, with a part that has a child."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    wait_until(lambda: "up" in process.stdout.readline())
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def parts_of(home: Home) -> list[int]:
    found = supervisor(home)
    assert found
    return [pid for pid in found.members() if pid != found.pid]


def gone(pids: list[int]) -> bool:
    return not any(map(birth_mark, pids))


def test_only_one_holds_the_lock(home: Home, screen: Screen) -> None:
    lock = take_lock(home, screen)
    assert lock
    assert take_lock(home, screen) is None
    found = supervisor(home)
    assert found
    assert found.pid == os.getpid()
    release_lock(home, lock)
    assert supervisor(home) is None
    again = take_lock(home, screen)
    assert again
    release_lock(home, again)


def test_a_second_start_says_so_and_how_to_stop(
    home: Home, holder: "subprocess.Popen[str]", screen: Screen, shown: io.StringIO
) -> None:
    assert up(home, screen) == 1
    assert f"running already (process {holder.pid}); stop it with `make down`" in shown.getvalue()
    assert len(parts_of(home)) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(home: Home, holder: "subprocess.Popen[str]", number: int) -> None:
    parts = parts_of(home)
    assert len(parts) == 2
    holder.send_signal(number)
    assert holder.wait(timeout=30) == 0
    assert gone(parts)
    assert supervisor(home) is None


def test_down_from_elsewhere_stops_everything(
    home: Home, holder: "subprocess.Popen[str]", screen: Screen
) -> None:
    parts = parts_of(home)
    assert down(home, screen) == 0
    assert holder.wait(timeout=30) == 0
    assert gone(parts)


def test_what_a_killed_supervisor_left_is_stopped(
    home: Home, holder: "subprocess.Popen[str]", screen: Screen, shown: io.StringIO
) -> None:
    parts = parts_of(home)
    holder.kill()
    holder.wait()
    assert not gone(parts)
    assert status(home, screen) == 3
    assert down(home, screen) == 0
    assert gone(parts)
    assert "toy              was left running; stopped" in shown.getvalue()


def test_down_where_nothing_runs_is_no_error(tmp_path: Path, screen: Screen, shown: io.StringIO) -> None:
    assert down(Home(tmp_path, tmp_path / "none", tmp_path / ".env"), screen) == 0
    assert shown.getvalue() == "nothing is running\n"
    assert not (tmp_path / "none").exists()


def test_status_tells_a_stack_that_is_up(
    home: Home, holder: "subprocess.Popen[str]", screen: Screen, shown: io.StringIO
) -> None:
    assert status(home, screen) == 1
    ready_file(home).touch()
    assert status(home, screen) == 0
    assert "toy" in shown.getvalue()
