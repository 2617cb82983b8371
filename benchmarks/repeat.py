"""The time of work that can be done again and again."""

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

Done = TypeVar("Done")


def time_repeated(work: Callable[[], Done], *, times: int = 1) -> tuple[float, Done]:
    """Return the median seconds of `work` and what it did last; a first time, not counted, loads modules."""
    done = work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        done = work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken), done
