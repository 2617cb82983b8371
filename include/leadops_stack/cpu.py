"""The CPU time that a running stack has used."""

from collections.abc import Iterable

import psutil

from leadops_stack.home import Home
from leadops_stack.records import read_records
from leadops_stack.single import SUPERVISOR, supervisor


def cpu_seconds(home: Home) -> float:
    """Return the CPU-seconds, user and system, that the running stack of `home` has used since it started.

    Take it at two moments: the difference is what all its processes used in between. It is the time of every
    living process of the tree below the supervisor, the supervisor included, plus the time of the children
    that each has already collected: the kernel adds a dead child's time, with its own children's, to the
    parent that waits for it (cutime and cstime in /proc/<pid>/stat). So a task that came and went between the
    two moments is counted, and nothing is counted twice. A process whose parent died before it is lost once
    it ends. Linux only: other systems do not tell the time of collected children. 0 where no stack runs.
    """
    running = supervisor(home)
    return spent(running.members()) if running else 0.0


def cpu_seconds_by_part(home: Home) -> dict[str, float]:
    """Return the same for each running part by its name; what ended parts used is not in it."""
    records = read_records(home.run)
    return {record.name: spent(record.members()) for record in records if record.name != SUPERVISOR}


def spent(pids: Iterable[int]) -> float:
    """Return the CPU-seconds of these processes and of the children that they have collected."""
    total = 0.0
    for pid in pids:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            continue  # it ended just now
        total += times.user + times.system + times.children_user + times.children_system
    return total
