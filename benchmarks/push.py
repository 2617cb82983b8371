"""The same deltas into the same MA by four ways: leadops, dlt as documented, dlt tuned, a bare loop."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.arena import Arena, ma_state, open_arena
from benchmarks.deltas import Deltas, fill_ledger
from benchmarks.figures import Figure, Measured
from benchmarks.prepared_ma import learn_ids
from benchmarks.push_bare import prepare_bare
from benchmarks.push_dlt import prepare_dlt, prepare_dlt_tuned
from benchmarks.push_leadops import prepare_leadops
from leadops.settings import Endpoint

REPETITIONS = 3

#: Gets everything ready for one run, untimed, with a folder to work in; what it returns does the run.
Prepare = Callable[[Deltas, Endpoint, Path], Callable[[], None]]

WAYS: dict[str, Prepare] = {
    "leadops": prepare_leadops,
    "dlt": prepare_dlt,
    "dlt tuned": prepare_dlt_tuned,
    "bare loop": prepare_bare,
}


def measure_push(*, quick: bool) -> Measured:
    """Time the ways over the same deltas, in turn, three times; medians and their ratios."""
    count, leads = (20_000, 2_000) if quick else (300_000, 100_000)
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    with open_arena() as arena:
        with arena.connect() as connection:
            learn_ids(connection, leads=leads)
        for _ in range(REPETITIONS):
            deltas = fill_ledger(arena, count=count, leads=leads)
            for name, prepare in WAYS.items():
                seconds[name].append(_time(prepare, arena, deltas, leads=leads))
    median = {name: statistics.median(taken) for name, taken in seconds.items()}
    return Measured(
        figures=[
            Figure("times as fast as dlt", median["dlt"] / median["leadops"], "x", "at least", 8),
            Figure("share of the bare loop", median["bare loop"] / median["leadops"], "x", "at least", 0.4),
            Figure("times as fast as dlt tuned", median["dlt tuned"] / median["leadops"], "x"),
            *(Figure(f"deltas a second, {name}", count / taken, "/s") for name, taken in median.items()),
            Figure("deltas in each run", count, ""),
        ],
        remarks=[
            f"{name}: {', '.join(f'{each:.2f}' for each in taken)} s" for name, taken in seconds.items()
        ],
    )


def _time(prepare: Prepare, arena: Arena, deltas: Deltas, *, leads: int) -> float:
    """Return the seconds of one run into a fresh MA; raise RuntimeError unless all deltas arrived, once."""
    with arena.sandbox(leads=leads) as endpoint, tempfile.TemporaryDirectory(dir=arena.folder) as folder:
        run = prepare(deltas, endpoint, Path(folder))
        started = time.perf_counter()
        run()
        taken = time.perf_counter() - started
        state = ma_state(endpoint)
    if state["deltas_applied"] != deltas.count or state["duplicates_refused"] or state["deltas_rejected"]:
        raise RuntimeError(f"not every one of {deltas.count} deltas was applied once: {state}")
    return taken
