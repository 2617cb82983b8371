import os
import sys
from dataclasses import replace

import psutil
import pytest
from rich.console import Console

from leadops_stack.cpu import cpu_seconds, cpu_seconds_by_part
from leadops_stack.home import Home
from leadops_stack.part import Part, Wave
from leadops_stack.screen import Screen
from leadops_stack.single import release_lock, take_lock
from leadops_stack.supervisor import Supervisor

#: Half a second of CPU time in a child that is gone when the part says so.
BURNER = """
import subprocess, sys, time
subprocess.run([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.5: pass"], check=True)
open("burnt", "w").close()
time.sleep(600)
"""


@pytest.mark.skipif(not psutil.LINUX, reason="other systems do not tell the time of collected children")
def test_a_child_that_came_and_went_is_counted(home: Home) -> None:
    screen = Screen(Console(file=(home.root / "shown").open("w")))
    lock = take_lock(home, screen)
    assert lock
    running = Supervisor(run=home.run, logs=home.logs, screen=screen)
    burnt = home.root / "burnt"
    part = Part(
        "burner", (sys.executable, "-c", BURNER), home.root, dict(os.environ), healthy=burnt.exists, grace=5.0
    )
    before = cpu_seconds(home)
    try:
        running.start([Wave(parts=(part,)), Wave(parts=(replace(part, name="second"),))])
        assert cpu_seconds_by_part(home)["burner"] >= 0.5
        assert cpu_seconds(home) - before >= 0.5
    finally:
        running.stop()
        release_lock(home, lock)
    assert cpu_seconds(home) == 0.0
