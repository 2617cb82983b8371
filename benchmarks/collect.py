"""How many events a second the gateway takes on one core, and how soon it answers."""

import asyncio
import os
from dataclasses import dataclass
from statistics import median

from benchmarks.arena import Arena, open_arena
from benchmarks.collect_load import make_calls
from benchmarks.figures import Figure, Measured
from benchmarks.gateway_servers import Server, run_bare, run_gateway, run_silent
from benchmarks.percentiles import percentile
from benchmarks.process_cpu import read_cpu, read_postgres_cpu
from benchmarks.wire import send_flat_out, send_paced

#: Events of a batch, and calls a second of one event each.
BATCH, RATE = 100, 500.0
#: Where the gateway takes events.
EVENTS = "/collect"
#: Seconds of calls before those that count: connections, plans and caches are made then.
WARM_UP = 1.0


@dataclass(frozen=True)
class Pace:
    """Calls a second that were taken, and the CPU-seconds of server and database for one of them."""

    calls: float
    server_cpu: float
    database_cpu: float


def measure_collect(*, quick: bool) -> Measured:
    """Send batches and single events flat out, in turn with a bare endpoint; then 500 events a second."""
    rounds, seconds, paced = (1, 1.0, 2.0) if quick else (3, 6.0, 20.0)
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    batches, singles, bare = [], [], []
    with open_arena() as arena:
        for _ in range(rounds):
            with run_gateway(arena, sandbox=None, limited=False, core=core) as server:
                batches.append(_send(arena, server, EVENTS, events=BATCH, seconds=seconds))
            with run_gateway(arena, sandbox=None, limited=False, core=core) as server:
                singles.append(_send(arena, server, EVENTS, events=1, seconds=seconds))
            with run_bare(arena, core=core) as server:
                bare.append(_send(arena, server, "/event", events=1, seconds=seconds))
        with run_gateway(arena, sandbox=None, limited=False, core=core) as server:
            url = server.url + EVENTS
            asyncio.run(send_flat_out(url, make_calls(1), seconds=WARM_UP))
            taken = asyncio.run(send_paced(url, make_calls(1), rate=RATE, seconds=paced))
    with run_silent() as server:
        most = {
            events: asyncio.run(send_flat_out(server.url + EVENTS, make_calls(events), seconds=seconds / 2))
            for events in (BATCH, 1)
        }
    waits = [1000 * answer.seconds for answer in taken]
    a_batch, ours, theirs = (_middle(paces) for paces in (batches, singles, bare))
    return Measured(
        figures=[
            Figure("events a second in batches of 100", BATCH * a_batch.calls, "1/s", "at least", 10_000),
            Figure("p99 of a single event", percentile(waits, 0.99), "ms", "under", 20),
            Figure("p50 of a single event", percentile(waits, 0.5), "ms"),
            Figure("ratio to a bare endpoint", ours.calls / theirs.calls, "", "at least", 0.5),
            Figure("single events a second", ours.calls, "1/s"),
            Figure("bare endpoint", theirs.calls, "1/s"),
            Figure("gateway's CPU, of a batch", 1e6 * a_batch.server_cpu / BATCH, "µs an event"),
            Figure("PostgreSQL's CPU, of a batch", 1e6 * a_batch.database_cpu / BATCH, "µs an event"),
            Figure("gateway's CPU, of a single event", 1e6 * ours.server_cpu, "µs"),
            Figure("PostgreSQL's CPU, of a single event", 1e6 * ours.database_cpu, "µs"),
            Figure("bare endpoint's CPU", 1e6 * theirs.server_cpu, "µs"),
            Figure("PostgreSQL's CPU, of the bare endpoint", 1e6 * theirs.database_cpu, "µs"),
            Figure("the load alone, in batches", BATCH * most[BATCH], "1/s"),
            Figure("the load alone, single events", most[1], "1/s"),
        ],
        remarks=[
            f"the server on one core; p99 at {RATE:g} a second for {paced:g} s",
            "the load alone: what it sends to a server that does nothing",
        ],
    )


def _send(arena: Arena, server: Server, path: str, *, events: int, seconds: float) -> Pace:
    """Send calls of so many events flat out."""
    make_call, sent = make_calls(events), 0

    def count_call(number: int) -> tuple[bytes, str]:
        nonlocal sent
        sent += 1
        return make_call(number)

    asyncio.run(send_flat_out(server.url + path, make_call, seconds=WARM_UP))
    server_before, database_before = read_cpu(server.pid), read_postgres_cpu(arena)
    calls = asyncio.run(send_flat_out(server.url + path, count_call, seconds=seconds))
    return Pace(
        calls,
        (read_cpu(server.pid) - server_before) / sent,
        (read_postgres_cpu(arena) - database_before) / sent,
    )


def _middle(paces: list[Pace]) -> Pace:
    """Return the medians of several rounds."""
    return Pace(
        median(pace.calls for pace in paces),
        median(pace.server_cpu for pace in paces),
        median(pace.database_cpu for pace in paces),
    )
