"""Ends processes: asked politely first, then with force, and nothing that is not ours."""

import os
import signal
import time
from collections.abc import Callable, Iterable

from leadops_stack.records import Record

#: Seconds between two looks.
PAUSE = 0.05
#: Seconds that what is left of a dead part is given before force.
REST_GRACE = 3.0


def stop_record(record: Record, *, reap: Callable[[], object] = lambda: None) -> bool:
    """End the process of `record` and all that came from it; tell whether force was needed.

    `reap` is called while waiting; a parent collects its dead child there.
    """
    if record.alive():
        _signal([record.pid], record.stop_signal)
        _wait(record.alive, record.grace, reap)
    if not record.alive():
        _signal(record.members(), signal.SIGTERM)
        _wait(lambda: bool(record.members()), REST_GRACE, reap)
    left = record.members()
    for _ in range(100):  # what is killed may have been starting another
        if not record.members():
            break
        _signal(record.members(), signal.SIGKILL)
        _wait(lambda: bool(record.members()), 0.1, reap)
    return bool(left)


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def _wait(still: Callable[[], bool], seconds: float, reap: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        reap()
        if not still():
            return
        time.sleep(PAUSE)
