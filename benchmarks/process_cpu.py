"""The CPU time that processes have used."""

import psutil

from benchmarks.arena import Arena


def read_cpu(pid: int) -> float:
    """Return the CPU-seconds (user and system) that a process and all its threads have used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def read_postgres_cpu(arena: Arena) -> float:
    """Return the CPU-seconds of the arena's PostgreSQL: of all its sessions, also of those that ended."""
    text = (arena.folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
    server = psutil.Process(int(text.split()[0]))
    times = server.cpu_times()
    ended = float(times.children_user + times.children_system)
    return read_cpu(server.pid) + ended + sum(read_cpu(child.pid) for child in server.children())
