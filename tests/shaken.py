"""`make test-shaken`: the tests in random order, with random examples, beside other work.

What is red here and green in `make test` depends on its order, its worker, the machine's speed, or on luck.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.promises import RANDOM

#: A process that is never idle; it ends with the one that started it, even if that is killed.
LOAD = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): sum(range(1_000_000))"
LOADS = 2


def main() -> int:
    """Return 1 if a run failed."""
    parser = argparse.ArgumentParser(prog="make test-shaken", description=__doc__, allow_abbrev=False)
    parser.add_argument("--runs", type=int, default=3, help="how many runs, each with a new seed")
    parser.add_argument(
        "--seeds", type=int, nargs="*", default=[], help="repeat the runs of these seeds instead"
    )
    # `kill` ends the tests and the load too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given, arguments = parser.parse_known_args()
    seeds = given.seeds or [secrets.randbelow(2**32) for _ in range(given.runs)]
    return 1 if shake(seeds, arguments) else 0


def shake(seeds: list[int], arguments: list[str], *, folder: Path | None = None) -> list[int]:
    """Run the tests of `folder` (default: here) once with each seed; return the seeds that failed.

    `arguments` are pytest's. The seed decides the order and the examples, the load beside it decides nothing.
    """
    failed = []
    for number, seed in enumerate(seeds, start=1):
        started = time.monotonic()
        with keep_busy(LOADS):
            done = subprocess.run(write_command(seed, arguments), cwd=folder, check=False)
        failed += [seed] if done.returncode else []
        result = f"failed; to repeat it: make test-shaken SEEDS={seed}" if done.returncode else "passed"
        seconds = time.monotonic() - started
        print(f"run {number} of {len(seeds)}, seed {seed}, {seconds:.0f} s: {result}", flush=True)
    return failed


def write_command(seed: int, arguments: list[str]) -> list[str]:
    """Return the call of pytest that shuffles by `seed` and draws its examples by it."""
    return [
        *(sys.executable, "-m", "pytest", "-n", "logical", "--maxprocesses", "8"),
        *("-p", "randomly", f"--randomly-seed={seed}"),
        # It shuffles, and no more: tests seed what they draw, and hypothesis keeps its own numbers.
        "--randomly-dont-reset-seed",
        *(f"--hypothesis-profile={RANDOM}", f"--hypothesis-seed={seed}"),
        *arguments,
    ]


@contextmanager
def keep_busy(count: int) -> Iterator[list[int]]:
    """Keep `count` processes at work; yield their ids."""
    loads = [subprocess.Popen([sys.executable, "-c", LOAD, str(os.getpid())]) for _ in range(count)]
    try:
        yield [load.pid for load in loads]
    finally:
        for load in loads:
            load.kill()
        for load in loads:
            load.wait()


if __name__ == "__main__":
    sys.exit(main())
