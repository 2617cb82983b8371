"""The facts of a machine that decide how fast it is; nothing that tells which machine it is."""

import os
import platform
from importlib.metadata import version

import psutil

from benchmarks.arena import open_arena


def describe_machine() -> dict[str, str | int | float]:
    """Return cores that we may use, memory (GiB), and the versions that matter."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": _postgresql(),
        "airflow": version("apache-airflow"),
        "dlt": version("dlt"),
    }


def _postgresql() -> str:
    with open_arena() as arena, arena.connect() as connection:
        row = connection.execute("show server_version").fetchone()
    return str(row[0]) if row else "unknown"
