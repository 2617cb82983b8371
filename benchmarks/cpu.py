"""The CPU time that the whole running stack uses, all minute DAGs on, visitors at their default rate."""

import time

from benchmarks.figures import Figure, Measured
from benchmarks.whole_stack import Stack
from leadops_stack.cpu import cpu_seconds, cpu_seconds_by_part


def measure_cpu(stack: Stack, *, quick: bool) -> Measured:
    """Take the CPU-seconds at the two ends of five minutes (quick: one); by part and for all together."""
    minutes = 1 if quick else 5
    started = time.monotonic()
    before, parts_before = cpu_seconds(stack.home), cpu_seconds_by_part(stack.home)
    time.sleep(60 * minutes)
    after, parts_after = cpu_seconds(stack.home), cpu_seconds_by_part(stack.home)
    passed = (time.monotonic() - started) / 60
    lost = sorted(name for name in parts_before if parts_after.get(name, 0.0) < parts_before[name])
    if lost or not before:
        raise RuntimeError(f"not the same stack at both ends: {', '.join(lost) or 'none runs'}")
    parts = {name: (spent - parts_before.get(name, 0.0)) / passed for name, spent in parts_after.items()}
    largest_first = sorted(parts.items(), key=lambda part: part[1], reverse=True)
    return Measured(
        figures=[
            Figure("whole stack", (after - before) / passed, "CPU-s a minute", "at most", 15),
            *(Figure(name, spent, "CPU-s a minute") for name, spent in largest_first),
        ],
        remarks=[f"over {passed:.1f} minutes"],
    )
