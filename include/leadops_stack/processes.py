"""Which processes exist, even if another process got the same number later."""

import os
from pathlib import Path

import psutil


def birth_mark(pid: int) -> str | None:
    """Return what tells this process from any other with its number, None when it does not run.

    On Linux the boot and the tick of its start, which no change of the clock moves; elsewhere its start time.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists():
            return str(process.create_time())
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {stat.read_text().rpartition(')')[2].split()[19]}"
    except (psutil.Error, OSError):
        return None


def family(pid: int) -> list[int]:
    """Return what lives of a process, of the session it leads or led, and of all that these started."""
    found: set[int] = set()
    for other in psutil.pids():
        try:
            if other == pid or os.getsid(other) == pid:
                found.add(other)
                found.update(child.pid for child in psutil.Process(other).children(recursive=True))
        except (psutil.Error, OSError):
            continue  # it has just ended
    return sorted(one for one in found if birth_mark(one))


def works_under(pid: int, folder: Path) -> bool:
    """Tell whether the process's working folder is `folder` or below it."""
    try:
        return Path(psutil.Process(pid).cwd()).is_relative_to(folder)
    except (psutil.Error, OSError):
        return False
