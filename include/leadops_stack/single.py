"""One stack in one home: a lock that dies with its holder, and a record that says who holds it."""

import fcntl
import os
import signal
from pathlib import Path
from typing import IO

from leadops_stack.home import Home
from leadops_stack.processes import birth_mark
from leadops_stack.records import Record, forget, read_records, write_record
from leadops_stack.screen import Screen
from leadops_stack.stop import stop_record

#: The record of the process that starts and watches the others.
SUPERVISOR = "supervisor"
#: Seconds in which it stops everything: the sum of what the parts are given, in the worst case.
SUPERVISOR_GRACE = 180.0


def take_lock(home: Home, screen: Screen) -> IO[str] | None:
    """Take the lock of `home` and record ourselves; None when another process holds it.

    What a dead holder left running is stopped first, and shown. The lock is the kernel's and ends with us,
    however we end. Keep the file open as long as it is needed.
    """
    lock = (home.run / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    _clean_up(home, screen)
    ready_file(home).unlink(missing_ok=True)
    write_record(
        home.run,
        Record(
            name=SUPERVISOR,
            order=-1,
            pid=os.getpid(),
            mark=birth_mark(os.getpid()) or "",
            folder=os.getcwd(),
            stop_signal=signal.SIGTERM,
            grace=SUPERVISOR_GRACE,
        ),
    )
    return lock


def release_lock(home: Home, lock: IO[str]) -> None:
    """Give the lock back and forget our record."""
    ready_file(home).unlink(missing_ok=True)
    forget(home.run, SUPERVISOR)
    lock.close()


def supervisor(home: Home) -> Record | None:
    """Return the record of the running supervisor of `home`, None when there is none."""
    found = (record for record in read_records(home.run) if record.name == SUPERVISOR and record.alive())
    return next(found, None)


def _clean_up(home: Home, screen: Screen) -> None:
    """Stop the parts that a dead supervisor left running."""
    for record in read_records(home.run):
        if record.name != SUPERVISOR and record.members():
            stop_record(record)
            screen.say(f"  {record.name:<16} was left running; stopped")
        forget(home.run, record.name)


def ready_file(home: Home) -> Path:
    """Return the file that exists while the whole stack is up."""
    return home.run / "ready"
