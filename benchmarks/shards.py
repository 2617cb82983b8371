"""One, two and four tasks push at once to an MA that answers slowly; how many times as fast several are."""

import multiprocessing
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from benchmarks.arena import Arena, ma_state, open_arena
from benchmarks.deltas import fill_ledger
from benchmarks.figures import Figure, Measured
from benchmarks.prepared_ma import learn_ids
from benchmarks.push_leadops import NO_LIMIT
from leadops.configuration import Config
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.delivery.score_pusher import ScorePusher
from leadops.settings import Endpoint

#: Seconds that the MA takes for a call, whatever is in it.
CALL_SECONDS = 0.05
#: Changes in a call: as many as HubSpot takes.
BATCH = 100
#: How many tasks push at once, and how many times as fast as one they have to be.
TARGETS = {1: None, 2: 1.7, 4: 3.0}
REPETITIONS = 3


def measure_shards(*, quick: bool) -> Measured:
    """Time the push of as many changes by one, two and four tasks, in turn, three times; medians."""
    count, leads = (2_000, 1_000) if quick else (72_000, 24_000)
    seconds: dict[int, list[float]] = {shards: [] for shards in TARGETS}
    with open_arena() as arena:
        with arena.connect() as connection:
            learn_ids(connection, leads=leads)
        for _ in range(1 if quick else REPETITIONS):
            for shards, taken in seconds.items():
                taken.append(time_push(arena, shards=shards, count=count, leads=leads))
    median = {shards: statistics.median(taken) for shards, taken in seconds.items()}
    ratios = [
        Figure(f"times as fast, {shards} tasks", median[1] / median[shards], "x", "at least", target)
        for shards, target in TARGETS.items()
        if target is not None
    ]
    return Measured(
        figures=[
            *ratios,
            *(
                Figure(f"changes a second, {shards} tasks", count / taken, "/s")
                for shards, taken in median.items()
            ),
            Figure("changes in each run", count, ""),
        ],
        remarks=[
            f"{shards} tasks: {', '.join(f'{each:.2f}' for each in taken)} s"
            for shards, taken in seconds.items()
        ],
    )


def time_push(arena: Arena, *, shards: int, count: int, leads: int) -> float:
    """Return the seconds in which `shards` processes push `count` changes into a fresh, slow MA.

    Raise RuntimeError unless all of them arrived, each once.
    """
    fill_ledger(arena, count=count, leads=leads)
    spawn = multiprocessing.get_context("spawn")
    begin, done = spawn.Barrier(shards + 1), spawn.Queue()
    with arena.sandbox(leads=leads) as endpoint:
        slow = {
            "target": "ma",
            "kind": "latency",
            "path": "/api/bulk/*",
            "count": 10**6,
            "seconds": CALL_SECONDS,
        }
        requests.post(f"{endpoint.base_url}/_faults", json=slow, timeout=60).raise_for_status()
        processes = [
            spawn.Process(
                target=push_shard, args=(arena.url, endpoint, set_shards(shards), shard, begin, done)
            )
            for shard in range(shards)
        ]
        for process in processes:
            process.start()
        begin.wait(timeout=120)
        started = time.perf_counter()
        reports: list[PushReport] = [done.get(timeout=600) for _ in processes]
        taken = time.perf_counter() - started
        for process in processes:
            process.join()
        state = ma_state(endpoint)
    report = sum(reports, PushReport())
    if (state["deltas_applied"], report.deltas, report.failed) != (count, count, 0):
        raise RuntimeError(f"not every one of {count} changes was applied once: {state}, {report}")
    return taken


def set_shards(shards: int) -> DeliverySettings:
    """Return the default settings with small calls and no limit of their own, for as many tasks."""
    settings = Config().delivery
    limits = {"calls_per_second": NO_LIMIT, "burst": NO_LIMIT, "batch_size": BATCH}
    ma = settings.targets["ma"].model_copy(update=limits)
    return settings.model_copy(update={"targets": {"ma": ma}, "shards": shards})


def push_shard(
    url: str, endpoint: Endpoint, settings: DeliverySettings, shard: int, begin: Any, done: Any
) -> None:
    """Push in a process of its own, as one of the tasks does; all begin at once."""
    begin.wait(timeout=120)
    report = push_target(
        database_url=url,
        endpoint=endpoint,
        target="ma",
        pusher_type=ScorePusher,
        settings=settings,
        clock=lambda: datetime.now(UTC),
        sleep=time.sleep,
        until=datetime.now(UTC) + timedelta(minutes=9),
        shard=shard,
    )
    done.put(report)
