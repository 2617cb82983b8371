"""The CPU time that the whole running stack uses, all minute DAGs on: with visitors, and at rest."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from benchmarks.figures import Figure, Measured
from benchmarks.whole_stack import Stack
from leadops_stack.cpu import cpu_seconds, cpu_seconds_by_part
from leadops_stack.records import read_records

#: Seconds after which nothing of the visitors is under way any more.
SETTLE = 20.0


def measure_cpu(stack: Stack, *, quick: bool) -> Measured:
    """Take the CPU-seconds at the two ends of five minutes (quick: one); by part and for all together.

    First with visitors at their default rate, then with the visitors held: at rest.
    """
    minutes = 1 if quick else 5
    whole, parts = _spend(stack, minutes)
    with _hold_visitors(stack):
        time.sleep(SETTLE)
        rest, rest_parts = _spend(stack, minutes)
    return Measured(
        figures=[
            Figure("whole stack", whole, "CPU-s a minute", "at most", 15),
            *_list_parts(parts),
            Figure("at rest", rest, "CPU-s a minute", "under", 6),
            *_list_parts(rest_parts, when=", at rest"),
        ],
        remarks=[f"over {minutes} minutes each"],
    )


def _spend(stack: Stack, minutes: int) -> tuple[float, dict[str, float]]:
    """Return the CPU-seconds a minute of the whole stack and of each part, while this waits."""
    started = time.monotonic()
    before, parts_before = cpu_seconds(stack.home), cpu_seconds_by_part(stack.home)
    time.sleep(60 * minutes)
    after, parts_after = cpu_seconds(stack.home), cpu_seconds_by_part(stack.home)
    passed = (time.monotonic() - started) / 60
    lost = sorted(name for name in parts_before if parts_after.get(name, 0.0) < parts_before[name])
    if lost or not before:
        raise RuntimeError(f"not the same stack at both ends: {', '.join(lost) or 'none runs'}")
    parts = {name: (spent - parts_before.get(name, 0.0)) / passed for name, spent in parts_after.items()}
    return (after - before) / passed, parts


def _list_parts(parts: Mapping[str, float], *, when: str = "") -> list[Figure]:
    """Return the parts, the largest first."""
    largest_first = sorted(parts.items(), key=lambda part: part[1], reverse=True)
    return [Figure(f"{name}{when}", spent, "CPU-s a minute") for name, spent in largest_first]


@contextmanager
def _hold_visitors(stack: Stack) -> Iterator[None]:
    """Let the simulated visitors stand still while the block runs."""
    (pid,) = (record.pid for record in read_records(stack.home.run) if record.name == "traffic")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
